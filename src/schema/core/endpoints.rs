//! Endpoints.

use super::super::{API_VERSION, KIND, List, METADATA, Struct, Type, atomic_list, opt, ptr, req};
use super::OBJECT_REFERENCE;

/// The description of `subsets`, which is also that of the Endpoints column.
pub(crate) const SUBSETS_DOC: &str = "The set of all endpoints is the union of all subsets. Addresses are placed into subsets according to the IPs they share. A single address with multiple ports, some of which are ready and some of which are not (because they come from different containers) will result in the address being displayed in different subsets for the different ports. No address will appear in both Addresses and NotReadyAddresses in the same subset. Sets of addresses and ports that comprise a service.";

static SUBSETS: List = atomic_list(Type::Struct(&ENDPOINT_SUBSET));
static ADDRESSES: List = atomic_list(Type::Struct(&ENDPOINT_ADDRESS));
static PORTS: List = atomic_list(Type::Struct(&ENDPOINT_PORT));

pub(crate) static ENDPOINTS: Struct = Struct::new(
    "Endpoints",
    "The addresses that implement a service, listed one by one. Deprecated since 1.33 in favour of EndpointSlice.",
    &[
        KIND,
        API_VERSION,
        METADATA,
        opt("subsets", Type::List(&SUBSETS), SUBSETS_DOC),
    ],
);

static ENDPOINT_SUBSET: Struct = Struct::new(
    "EndpointSubset",
    "Addresses that share a set of ports: the endpoints are every address with every port.",
    &[
        opt(
            "addresses",
            Type::List(&ADDRESSES),
            "Addresses that are ready.",
        ),
        opt(
            "notReadyAddresses",
            Type::List(&ADDRESSES),
            "Addresses that are not ready yet, or no longer.",
        ),
        opt(
            "ports",
            Type::List(&PORTS),
            "The ports open on every address.",
        ),
    ],
);

static ENDPOINT_ADDRESS: Struct = Struct::new(
    "EndpointAddress",
    "One IP address.",
    &[
        req(
            "ip",
            Type::String,
            "The address; not loopback, link-local or link-local multicast.",
        ),
        opt("hostname", Type::String, "The host name of this endpoint."),
        ptr(
            "nodeName",
            Type::String,
            "The node that hosts this endpoint.",
        ),
        ptr(
            "targetRef",
            Type::Struct(&OBJECT_REFERENCE),
            "The object that provides the endpoint.",
        ),
    ],
)
.atomic();

static ENDPOINT_PORT: Struct = Struct::new(
    "EndpointPort",
    "One port.",
    &[
        opt(
            "name",
            Type::String,
            "The name of the port; a DNS label, needed when there are several ports.",
        ),
        req("port", Type::Int32, "The port number."),
        opt(
            "protocol",
            Type::Named("v1.Protocol"),
            "UDP, TCP or SCTP; TCP when left out.",
        ),
        ptr(
            "appProtocol",
            Type::String,
            "The application protocol spoken on this port.",
        ),
    ],
)
.atomic();
