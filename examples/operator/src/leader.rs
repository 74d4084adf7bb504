//! Leader election with a Lease: whoever writes it first leads, until it is not renewed for as long as it says.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::{Api, ObjectMeta, PostParams};

/// How long a leader leads without saying anything.
const TERM: SignedDuration = SignedDuration::from_secs(15);

/// Takes the lease, or renews it, at this time; whether `me` leads now. Who lost a race does not.
pub async fn lead(leases: &Api<Lease>, name: &str, me: &str, now: Timestamp) -> kube::Result<bool> {
    let Some(mut lease) = leases.get_opt(name).await? else {
        let lease = Lease {
            metadata: ObjectMeta {
                name: Some(name.to_owned()),
                ..ObjectMeta::default()
            },
            spec: Some(held(me, now)),
        };
        return won(leases.create(&PostParams::default(), &lease).await);
    };
    let spec = lease.spec.clone().unwrap_or_default();
    let is_mine = spec.holder_identity.as_deref() == Some(me);
    let renewed = spec.renew_time.map_or(Timestamp::UNIX_EPOCH, |time| time.0);
    if !is_mine && now < renewed + TERM {
        return Ok(false);
    }
    // The version that was read goes along: if somebody else wrote meanwhile, this is refused.
    lease.spec = Some(held(me, now));
    won(leases.replace(name, &PostParams::default(), &lease).await)
}

fn held(me: &str, now: Timestamp) -> LeaseSpec {
    LeaseSpec {
        holder_identity: Some(me.to_owned()),
        lease_duration_seconds: i32::try_from(TERM.as_secs()).ok(),
        renew_time: Some(MicroTime(now)),
        ..LeaseSpec::default()
    }
}

fn won(written: kube::Result<Lease>) -> kube::Result<bool> {
    match written {
        Ok(_) => Ok(true),
        Err(kube::Error::Api(status)) if status.is_conflict() || status.is_already_exists() => Ok(false),
        Err(error) => Err(error),
    }
}
