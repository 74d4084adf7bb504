//! The tables of overloads: name, id, style, types of the arguments, type of the result.
//!
//! `{c}`, `{s}` and `{o}` stand for each type that can be compared, summed, ordered.

/// The operators and functions of the language itself.
const STANDARD: &str = "
_?_:_ conditional global bool A A -> A
_&&_ logical_and global bool bool -> bool
_||_ logical_or global bool bool -> bool
!_ logical_not global bool -> bool
@not_strictly_false not_strictly_false global bool -> bool
_==_ equals global A A -> bool
_!=_ not_equals global A A -> bool
_+_ add_bytes global bytes bytes -> bytes
_+_ add_double global double double -> double
_+_ add_duration_duration global duration duration -> duration
_+_ add_duration_timestamp global duration timestamp -> timestamp
_+_ add_timestamp_duration global timestamp duration -> timestamp
_+_ add_int64 global int int -> int
_+_ add_list global list(A) list(A) -> list(A)
_+_ add_string global string string -> string
_+_ add_uint64 global uint uint -> uint
_/_ divide_double global double double -> double
_/_ divide_int64 global int int -> int
_/_ divide_uint64 global uint uint -> uint
_%_ modulo_int64 global int int -> int
_%_ modulo_uint64 global uint uint -> uint
_*_ multiply_double global double double -> double
_*_ multiply_int64 global int int -> int
_*_ multiply_uint64 global uint uint -> uint
-_ negate_double global double -> double
-_ negate_int64 global int -> int
_-_ subtract_double global double double -> double
_-_ subtract_duration_duration global duration duration -> duration
_-_ subtract_int64 global int int -> int
_-_ subtract_timestamp_duration global timestamp duration -> timestamp
_-_ subtract_timestamp_timestamp global timestamp timestamp -> duration
_-_ subtract_uint64 global uint uint -> uint
_<_ less_{o} global {o} {o} -> bool
_<_ less_int64_double global int double -> bool
_<_ less_int64_uint64 global int uint -> bool
_<_ less_uint64_double global uint double -> bool
_<_ less_uint64_int64 global uint int -> bool
_<_ less_double_int64 global double int -> bool
_<_ less_double_uint64 global double uint -> bool
_<=_ less_equals_{o} global {o} {o} -> bool
_<=_ less_equals_int64_double global int double -> bool
_<=_ less_equals_int64_uint64 global int uint -> bool
_<=_ less_equals_uint64_double global uint double -> bool
_<=_ less_equals_uint64_int64 global uint int -> bool
_<=_ less_equals_double_int64 global double int -> bool
_<=_ less_equals_double_uint64 global double uint -> bool
_>_ greater_{o} global {o} {o} -> bool
_>_ greater_int64_double global int double -> bool
_>_ greater_int64_uint64 global int uint -> bool
_>_ greater_uint64_double global uint double -> bool
_>_ greater_uint64_int64 global uint int -> bool
_>_ greater_double_int64 global double int -> bool
_>_ greater_double_uint64 global double uint -> bool
_>=_ greater_equals_{o} global {o} {o} -> bool
_>=_ greater_equals_int64_double global int double -> bool
_>=_ greater_equals_int64_uint64 global int uint -> bool
_>=_ greater_equals_uint64_double global uint double -> bool
_>=_ greater_equals_uint64_int64 global uint int -> bool
_>=_ greater_equals_double_int64 global double int -> bool
_>=_ greater_equals_double_uint64 global double uint -> bool
_[_] index_list global list(A) int -> A
_[_] index_map global map(B,A) B -> A
_[_] optional_list_index_int global optional(list(V)) int -> optional(V)
_[_] optional_map_index_value global optional(map(K,V)) K -> optional(V)
_[?_] list_optindex_optional_int global list(V) int -> optional(V)
_[?_] optional_list_optindex_optional_int global optional(list(V)) int -> optional(V)
_[?_] map_optindex_optional_value global map(K,V) K -> optional(V)
_[?_] optional_map_optindex_optional_value global optional(map(K,V)) K -> optional(V)
_?._ select_optional_field global dyn string -> optional(V)
@in in_list global A list(A) -> bool
@in in_map global A map(A,B) -> bool
size size_bytes global bytes -> int
size bytes_size member bytes -> int
size size_list global list(A) -> int
size list_size member list(A) -> int
size size_map global map(A,B) -> int
size map_size member map(A,B) -> int
size size_string global string -> int
size string_size member string -> int
type type global A -> type(A)
bool bool_to_bool global bool -> bool
bool string_to_bool global string -> bool
bytes bytes_to_bytes global bytes -> bytes
bytes string_to_bytes global string -> bytes
double double_to_double global double -> double
double int64_to_double global int -> double
double string_to_double global string -> double
double uint64_to_double global uint -> double
duration duration_to_duration global duration -> duration
duration int64_to_duration global int -> duration
duration string_to_duration global string -> duration
dyn to_dyn global A -> dyn
int int64_to_int64 global int -> int
int double_to_int64 global double -> int
int duration_to_int64 global duration -> int
int string_to_int64 global string -> int
int timestamp_to_int64 global timestamp -> int
int uint64_to_int64 global uint -> int
string string_to_string global string -> string
string bool_to_string global bool -> string
string bytes_to_string global bytes -> string
string double_to_string global double -> string
string duration_to_string global duration -> string
string int64_to_string global int -> string
string timestamp_to_string global timestamp -> string
string uint64_to_string global uint -> string
timestamp timestamp_to_timestamp global timestamp -> timestamp
timestamp int64_to_timestamp global int -> timestamp
timestamp string_to_timestamp global string -> timestamp
uint uint64_to_uint64 global uint -> uint
uint double_to_uint64 global double -> uint
uint int64_to_uint64 global int -> uint
uint string_to_uint64 global string -> uint
contains contains_string member string string -> bool
endsWith ends_with_string member string string -> bool
startsWith starts_with_string member string string -> bool
matches matches global string string -> bool
matches matches_string member string string -> bool
getFullYear timestamp_to_year member timestamp -> int
getFullYear timestamp_to_year_with_tz member timestamp string -> int
getMonth timestamp_to_month member timestamp -> int
getMonth timestamp_to_month_with_tz member timestamp string -> int
getDayOfYear timestamp_to_day_of_year member timestamp -> int
getDayOfYear timestamp_to_day_of_year_with_tz member timestamp string -> int
getDayOfMonth timestamp_to_day_of_month member timestamp -> int
getDayOfMonth timestamp_to_day_of_month_with_tz member timestamp string -> int
getDate timestamp_to_day_of_month_1_based member timestamp -> int
getDate timestamp_to_day_of_month_1_based_with_tz member timestamp string -> int
getDayOfWeek timestamp_to_day_of_week member timestamp -> int
getDayOfWeek timestamp_to_day_of_week_with_tz member timestamp string -> int
getHours timestamp_to_hours member timestamp -> int
getHours timestamp_to_hours_with_tz member timestamp string -> int
getHours duration_to_hours member duration -> int
getMinutes timestamp_to_minutes member timestamp -> int
getMinutes timestamp_to_minutes_with_tz member timestamp string -> int
getMinutes duration_to_minutes member duration -> int
getSeconds timestamp_to_seconds_tz member timestamp -> int
getSeconds timestamp_to_seconds_tz_with_tz member timestamp string -> int
getSeconds duration_to_seconds member duration -> int
getMilliseconds timestamp_to_milliseconds member timestamp -> int
getMilliseconds timestamp_to_milliseconds_with_tz member timestamp string -> int
getMilliseconds duration_to_milliseconds member duration -> int
optional.of optional_of global V -> optional(V)
optional.ofNonZeroValue optional_ofNonZeroValue global V -> optional(V)
optional.none optional_none global -> optional(V)
value optional_value member optional(V) -> V
hasValue optional_hasValue member optional(V) -> bool
or optional_or_optional member optional(V) optional(V) -> optional(V)
orValue optional_orValue_value member optional(V) V -> V
last list_last member list(V) -> optional(V)
first list_first member list(V) -> optional(V)
optional.unwrap optional_unwrap global list(optional(V)) -> list(V)
unwrapOpt optional_unwrapOpt member list(optional(V)) -> list(V)
";

/// cel-go's extensions.
const EXTENSIONS: &str = "
charAt string_char_at_int member string int -> string
indexOf string_index_of_string member string string -> int
indexOf string_index_of_string_int member string string int -> int
lastIndexOf string_last_index_of_string member string string -> int
lastIndexOf string_last_index_of_string_int member string string int -> int
lowerAscii string_lower_ascii member string -> string
replace string_replace_string_string member string string string -> string
replace string_replace_string_string_int member string string string int -> string
split string_split_string member string string -> list(string)
split string_split_string_int member string string int -> list(string)
substring string_substring_int member string int -> string
substring string_substring_int_int member string int int -> string
trim string_trim member string -> string
upperAscii string_upper_ascii member string -> string
format string_format member string list(dyn) -> string
strings.quote strings_quote global string -> string
join list_join member list(string) -> string
join list_join_string member list(string) string -> string
slice list_slice member list(A) int int -> list(A)
flatten list_flatten member list(list(A)) -> list(A)
flatten list_flatten_int member list(dyn) int -> list(dyn)
sort list_{c}_sort member list({c}) -> list({c})
@sortByAssociatedKeys list_{c}_sortByAssociatedKeys member list(A) list({c}) -> list(A)
lists.range lists_range global int -> list(int)
reverse list_reverse member list(A) -> list(A)
distinct list_distinct member list(A) -> list(A)
sets.contains list_sets_contains_list global list(A) list(A) -> bool
sets.equivalent list_sets_equivalent_list global list(A) list(A) -> bool
sets.intersects list_sets_intersects_list global list(A) list(A) -> bool
cel.@mapInsert @mapInsert_map_key_value global map(K,V) K V -> map(K,V)
cel.@mapInsert @mapInsert_map_map global map(K,V) map(K,V) -> map(K,V)
";

/// The libraries of Kubernetes.
const KUBERNETES: &str = "
isSorted list_{c}_is_sorted_bool member list({c}) -> bool
sum list_{s}_sum_{s} member list({s}) -> {s}
max list_{c}_max_{c} member list({c}) -> {c}
min list_{c}_min_{c} member list({c}) -> {c}
indexOf list_a_index_of_int member list(A) A -> int
lastIndexOf list_a_last_index_of_int member list(A) A -> int
find string_find_string member string string -> string
findAll string_find_all_string member string string -> list(string)
findAll string_find_all_string_int member string string int -> list(string)
url string_to_url global string -> url
getScheme url_get_scheme member url -> string
getHost url_get_host member url -> string
getHostname url_get_hostname member url -> string
getPort url_get_port member url -> string
getEscapedPath url_get_escaped_path member url -> string
getQuery url_get_query member url -> map(string,list(string))
isURL is_url_string global string -> bool
quantity string_to_quantity global string -> quantity
isQuantity is_quantity_string global string -> bool
sign quantity_sign global quantity -> int
isGreaterThan quantity_is_greater_than member quantity quantity -> bool
isLessThan quantity_is_less_than member quantity quantity -> bool
compareTo quantity_compare_to member quantity quantity -> int
asApproximateFloat quantity_get_float member quantity -> double
asInteger quantity_get_int member quantity -> int
isInteger quantity_is_integer member quantity -> bool
add quantity_add member quantity quantity -> quantity
add quantity_add_int member quantity int -> quantity
sub quantity_sub member quantity quantity -> quantity
sub quantity_sub_int member quantity int -> quantity
ip string_to_ip global string -> ip
family ip_family member ip -> int
ip.isCanonical ip_is_canonical global string -> bool
isUnspecified ip_is_unspecified member ip -> bool
isLoopback ip_is_loopback member ip -> bool
isLinkLocalMulticast ip_is_link_local_multicast member ip -> bool
isLinkLocalUnicast ip_is_link_local_unicast member ip -> bool
isGlobalUnicast ip_is_global_unicast member ip -> bool
isIP is_ip global string -> bool
string ip_to_string global ip -> string
cidr string_to_cidr global string -> cidr
containsIP cidr_contains_ip_string member cidr string -> bool
containsIP cidr_contains_ip_ip member cidr ip -> bool
containsCIDR cidr_contains_cidr_string member cidr string -> bool
containsCIDR cidr_contains_cidr member cidr cidr -> bool
ip cidr_ip member cidr -> ip
prefixLength cidr_prefix_length member cidr -> int
masked cidr_masked member cidr -> cidr
isCIDR is_cidr global string -> bool
string cidr_to_string global cidr -> string
format.named format-named global string -> optional(format)
format.dns1123Label format-dns1123Label global -> format
format.dns1123Subdomain format-dns1123Subdomain global -> format
format.dns1035Label format-dns1035Label global -> format
format.qualifiedName format-qualifiedName global -> format
format.dns1123LabelPrefix format-dns1123LabelPrefix global -> format
format.dns1123SubdomainPrefix format-dns1123SubdomainPrefix global -> format
format.dns1035LabelPrefix format-dns1035LabelPrefix global -> format
format.labelValue format-labelValue global -> format
format.uri format-uri global -> format
format.uuid format-uuid global -> format
format.byte format-byte global -> format
format.date format-date global -> format
format.datetime format-datetime global -> format
validate format-validate member format string -> optional(list(string))
semver string_to_semver global string -> semver
semver string_bool_to_semver global string bool -> semver
isSemver is_semver_string global string -> bool
isSemver is_semver_string_bool global string bool -> bool
isGreaterThan semver_is_greater_than member semver semver -> bool
isLessThan semver_is_less_than member semver semver -> bool
compareTo semver_compare_to member semver semver -> int
major semver_major member semver -> int
minor semver_minor member semver -> int
patch semver_patch member semver -> int
path authorizer_path member authorizer string -> pathcheck
group authorizer_group member authorizer string -> groupcheck
serviceAccount authorizer_serviceaccount member authorizer string string -> authorizer
resource groupcheck_resource member groupcheck string -> resourcecheck
subresource resourcecheck_subresource member resourcecheck string -> resourcecheck
namespace resourcecheck_namespace member resourcecheck string -> resourcecheck
name resourcecheck_name member resourcecheck string -> resourcecheck
fieldSelector authorizer_fieldselector member resourcecheck string -> resourcecheck
labelSelector authorizer_labelselector member resourcecheck string -> resourcecheck
check pathcheck_check member pathcheck string -> decision
check resourcecheck_check member resourcecheck string -> decision
errored decision_errored member decision -> bool
error decision_error member decision -> string
allowed decision_allowed member decision -> bool
reason decision_reason member decision -> string
jsonpatch.escapeKey string_jsonpatch_escapeKey_string mutation string -> string
";

/// Every table.
pub(super) const TABLES: &[&str] = &[STANDARD, EXTENSIONS, KUBERNETES];
