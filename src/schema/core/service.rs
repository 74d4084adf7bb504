//! Service.

use super::super::{
    API_VERSION, KIND, List, ListKind, METADATA, PatchStrategy, Struct, Type, atomic_list, meta,
    opt, ptr, req, shown,
};

/// The descriptions that are also those of columns.
pub(crate) mod docs {
    pub(crate) const TYPE: &str = "type determines how the Service is exposed. Defaults to ClusterIP. Valid options are ExternalName, ClusterIP, NodePort, and LoadBalancer. \"ClusterIP\" allocates a cluster-internal IP address for load-balancing to endpoints. Endpoints are determined by the selector or if that is not specified, by manual construction of an Endpoints object or EndpointSlice objects. If clusterIP is \"None\", no virtual IP is allocated and the endpoints are published as a set of endpoints rather than a virtual IP. \"NodePort\" builds on ClusterIP and allocates a port on every node which routes to the same endpoints as the clusterIP. \"LoadBalancer\" builds on NodePort and creates an external load-balancer (if supported in the current cloud) which routes to the same endpoints as the clusterIP. \"ExternalName\" aliases this service to the specified externalName. Several other fields do not apply to ExternalName services. More info: https://kubernetes.io/docs/concepts/services-networking/service/#publishing-services-service-types";
    pub(crate) const CLUSTER_IP: &str = "clusterIP is the IP address of the service and is usually assigned randomly. If an address is specified manually, is in-range (as per system configuration), and is not in use, it will be allocated to the service; otherwise creation of the service will fail. This field may not be changed through updates unless the type field is also being changed to ExternalName (which requires this field to be blank) or the type field is being changed from ExternalName (in which case this field may optionally be specified, as describe above).  Valid values are \"None\", empty string (\"\"), or a valid IP address. Setting this to \"None\" makes a \"headless service\" (no virtual IP), which is useful when direct endpoint connections are preferred and proxying is not required.  Only applies to types ClusterIP, NodePort, and LoadBalancer. If this field is specified when creating a Service of type ExternalName, creation will fail. This field will be wiped when updating a Service to type ExternalName. More info: https://kubernetes.io/docs/concepts/services-networking/service/#virtual-ips-and-service-proxies";
    pub(crate) const EXTERNAL_IPS: &str = "externalIPs is a list of IP addresses for which nodes in the cluster will also accept traffic for this service.  These IPs are not managed by Kubernetes.  The user is responsible for ensuring that traffic arrives at a node with this IP.  A common example is external load-balancers that are not part of the Kubernetes system.";
    pub(crate) const PORTS: &str = "The list of ports that are exposed by this service. More info: https://kubernetes.io/docs/concepts/services-networking/service/#virtual-ips-and-service-proxies";
    pub(crate) const SELECTOR: &str = "Route service traffic to pods with label keys and values matching this selector. If empty or not present, the service is assumed to have an external process managing its endpoints, which Kubernetes will not modify. Only applies to types ClusterIP, NodePort, and LoadBalancer. Ignored if type is ExternalName. More info: https://kubernetes.io/docs/concepts/services-networking/service/";
}

static STRINGS: List = atomic_list(Type::String);
static IP_FAMILIES: List = atomic_list(Type::Named("v1.IPFamily"));
static PORTS: List = List {
    item: Type::Struct(&SERVICE_PORT),
    kind: ListKind::Map(&["port", "protocol"]),
    patch: PatchStrategy::MergeBy("port"),
};
static INGRESS: List = atomic_list(Type::Struct(&LOAD_BALANCER_INGRESS));
static PORT_STATUSES: List = atomic_list(Type::Struct(&PORT_STATUS));
static CONDITIONS: List = List {
    item: Type::Struct(&meta::CONDITION),
    kind: ListKind::Map(&["type"]),
    patch: PatchStrategy::MergeBy("type"),
};

pub(crate) static SERVICE: Struct = Struct::new(
    "Service",
    "A name and an address for whatever answers on some ports.",
    &[
        KIND,
        API_VERSION,
        METADATA,
        shown(
            "spec",
            Type::Struct(&SERVICE_SPEC),
            "How the service is to behave.",
        ),
        shown(
            "status",
            Type::Struct(&SERVICE_STATUS),
            "The state of the service.",
        ),
    ],
);

static SERVICE_SPEC: Struct = Struct::new(
    "ServiceSpec",
    "How a service is to behave.",
    &[
        opt("ports", Type::List(&PORTS), docs::PORTS),
        opt("selector", Type::AtomicMap(&Type::String), docs::SELECTOR),
        opt("clusterIP", Type::String, docs::CLUSTER_IP),
        opt(
            "clusterIPs",
            Type::List(&STRINGS),
            "The cluster addresses, at most one of each family; the first is clusterIP.",
        ),
        opt("type", Type::Named("v1.ServiceType"), docs::TYPE),
        opt("externalIPs", Type::List(&STRINGS), docs::EXTERNAL_IPS),
        opt(
            "sessionAffinity",
            Type::Named("v1.ServiceAffinity"),
            "ClientIP or None; None when left out.",
        ),
        opt(
            "loadBalancerIP",
            Type::String,
            "The wanted address of the load balancer. Deprecated.",
        ),
        opt(
            "loadBalancerSourceRanges",
            Type::List(&STRINGS),
            "The client networks the load balancer lets in.",
        ),
        opt(
            "externalName",
            Type::String,
            "The name a service of type ExternalName is an alias of.",
        ),
        opt(
            "externalTrafficPolicy",
            Type::Named("v1.ServiceExternalTrafficPolicy"),
            "Cluster or Local: where traffic from outside may go.",
        ),
        opt(
            "healthCheckNodePort",
            Type::Int32,
            "The node port of the health check of a load balancer with local traffic.",
        ),
        opt(
            "publishNotReadyAddresses",
            Type::Bool,
            "Whether addresses count before they are ready.",
        ),
        ptr(
            "sessionAffinityConfig",
            Type::Struct(&SESSION_AFFINITY_CONFIG),
            "The settings of the session affinity.",
        ),
        opt(
            "ipFamilies",
            Type::List(&IP_FAMILIES),
            "IPv4, IPv6 or both, the first being that of clusterIP.",
        ),
        ptr(
            "ipFamilyPolicy",
            Type::Named("v1.IPFamilyPolicy"),
            "SingleStack, PreferDualStack or RequireDualStack.",
        ),
        ptr(
            "allocateLoadBalancerNodePorts",
            Type::Bool,
            "Whether a service of type LoadBalancer gets node ports; true when left out.",
        ),
        ptr(
            "loadBalancerClass",
            Type::String,
            "The load balancer implementation the service is for.",
        ),
        ptr(
            "internalTrafficPolicy",
            Type::Named("v1.ServiceInternalTrafficPolicy"),
            "Cluster or Local: where traffic from inside may go.",
        ),
        ptr(
            "trafficDistribution",
            Type::String,
            "A preference for endpoints that are near.",
        ),
    ],
);

static SERVICE_PORT: Struct = Struct::new(
    "ServicePort",
    "One port of a service.",
    &[
        opt(
            "name",
            Type::String,
            "The name of the port; a DNS label, needed when there are several ports.",
        ),
        opt(
            "protocol",
            Type::Named("v1.Protocol"),
            "UDP, TCP or SCTP; TCP when left out.",
        )
        .default_to("TCP"),
        ptr(
            "appProtocol",
            Type::String,
            "The application protocol spoken on this port.",
        ),
        req("port", Type::Int32, "The port number."),
        shown(
            "targetPort",
            Type::IntOrString,
            "The port of the pods, by number or by name; that of the service when left out.",
        ),
        opt(
            "nodePort",
            Type::Int32,
            "The port on every node, for types that have one.",
        ),
    ],
);

static SERVICE_STATUS: Struct = Struct::new(
    "ServiceStatus",
    "The state of a service.",
    &[
        shown(
            "loadBalancer",
            Type::Struct(&LOAD_BALANCER_STATUS),
            "The state of the load balancer.",
        ),
        opt(
            "conditions",
            Type::List(&CONDITIONS),
            "Aspects of the state.",
        ),
    ],
);

static LOAD_BALANCER_STATUS: Struct = Struct::new(
    "LoadBalancerStatus",
    "The state of a load balancer.",
    &[opt(
        "ingress",
        Type::List(&INGRESS),
        "The points where traffic enters.",
    )],
);

static LOAD_BALANCER_INGRESS: Struct = Struct::new(
    "LoadBalancerIngress",
    "A point where traffic enters.",
    &[
        opt("ip", Type::String, "Its address."),
        opt("hostname", Type::String, "Its host name."),
        ptr(
            "ipMode",
            Type::Named("v1.LoadBalancerIPMode"),
            "VIP or Proxy: how the address behaves.",
        ),
        opt(
            "ports",
            Type::List(&PORT_STATUSES),
            "The ports, and what is wrong with them.",
        ),
    ],
);

static PORT_STATUS: Struct = Struct::new(
    "PortStatus",
    "The state of one port of a load balancer.",
    &[
        req("port", Type::Int32, "The port number."),
        req("protocol", Type::Named("v1.Protocol"), "UDP, TCP or SCTP."),
        ptr(
            "error",
            Type::String,
            "What is wrong with the port, for programs.",
        ),
    ],
);

static SESSION_AFFINITY_CONFIG: Struct = Struct::new(
    "SessionAffinityConfig",
    "The settings of a session affinity.",
    &[ptr(
        "clientIP",
        Type::Struct(&CLIENT_IP_CONFIG),
        "The settings of ClientIP.",
    )],
);

static CLIENT_IP_CONFIG: Struct = Struct::new(
    "ClientIPConfig",
    "The settings of the session affinity ClientIP.",
    &[ptr(
        "timeoutSeconds",
        Type::Int32,
        "How long a session lasts, up to 86400 seconds.",
    )],
);
