//! Operators and functions: an expression, what it gives, what it costs.

use super::{fail, give};

#[test]
fn operators() {
    give(&[
        ("1 + 2 * 3 == 7", "true", 3),
        ("-7 / 2", "-3", 1),
        ("-7 % 2", "-1", 1),
        ("7u / 2u == 3u", "true", 2),
        ("1.5 + 1.0", "2.5", 1),
        ("'ab' + 'cd'", "\"abcd\"", 1),
        ("[1] + [2]", "[1, 2]", 1),
        ("b'a' + b'b' == b'ab'", "true", 2),
        ("dyn(1) == 1u && dyn(1.0) == 1 && dyn(2u) != 1.5", "true", 3),
        ("dyn(1) == 'a'", "false", 1),
        ("1 < 1.5 && 2u > 1 && -1 < 0u", "true", 3),
        ("n in [1, 5]", "true", 1),
        ("n in self.l", "false", 4),
        ("'a' in {'a': 1}", "true", 1),
        ("n > 3 ? 'many' : 'few'", "\"many\"", 2),
        ("!(n > 3)", "false", 3),
        (
            "duration('90s') + duration('30s') == duration('2m')",
            "true",
            2,
        ),
        (
            "timestamp('2024-01-01T00:00:00Z') + duration('24h') == timestamp('2024-01-02T00:00:00Z')",
            "true",
            2,
        ),
        (
            "timestamp('2024-01-02T00:00:00Z') - timestamp('2024-01-01T00:00:00Z') == duration('24h')",
            "true",
            2,
        ),
    ]);
    fail(&[
        ("1 / 0", "division by zero"),
        ("1 % 0", "modulus by zero"),
        ("9223372036854775807 + n", "integer overflow"),
        ("0u - 1u", "unsigned integer overflow"),
        ("-(-9223372036854775807 - 1)", "integer overflow"),
        (
            "timestamp('9999-12-31T23:59:59Z') + duration('1s')",
            "timestamp overflow",
        ),
        ("dyn(5) < 'a'", "no such overload"),
        ("dyn([1]) < 1", "no such overload: _<_"),
        ("dyn(1) + 'a'", "no such overload"),
        ("dyn(true) + 1", "no such overload: _+_"),
    ]);
}

#[test]
fn paths() {
    give(&[
        ("self.a.b", "1", 3),
        ("self['a']['b']", "1", 3),
        ("self.l[n - 4]", "2", 5),
        ("has(self.a.c)", "false", 2),
        ("has(self.a.b)", "true", 2),
        ("self.?a.?c.orValue(5)", "5", 2),
        ("self.?a.b.value()", "1", 4),
        ("self.l[?7].hasValue()", "false", 3),
        ("(n > 3 ? self.a : self.x).b", "1", 4),
        ("{'k': 1}.k", "1", 2),
    ]);
    fail(&[
        ("self.a.c", "no such key: c"),
        ("self.l[7]", "index out of bounds: 7"),
        ("self.l[-1]", "index out of bounds: -1"),
        ("self.l['x']", "unsupported index type 'string' in list"),
        ("self.t.x", "no such key: x"),
        ("self.x || false", "no such key: x"),
        ("optional.none().value()", "optional.none() dereference"),
    ]);
}

#[test]
fn errors_are_absorbed_by_what_decides() {
    give(&[
        ("true || self.x", "true", 0),
        ("self.x || true", "true", 2),
        ("self.x && false", "false", 2),
        ("[1, 2].exists(i, i == 2 || 1 / (i - 1) > 5)", "true", 17),
    ]);
}

#[test]
fn loops() {
    give(&[
        ("self.l.all(x, x > 0)", "true", 18),
        ("self.l.exists(x, x == 2)", "true", 18),
        ("self.l.exists_one(x, x == 2)", "true", 12),
        ("self.l.map(x, x * 2)", "[2, 4, 6]", 45),
        ("self.l.map(x, x > 1, x)", "[2, 3]", 35),
        ("self.l.filter(x, x > 1).size()", "2", 36),
        ("{'a': 1}.map(k, k)", "[\"a\"]", 14),
        ("[1, 2].transformList(i, v, i * v)", "[0, 2]", 31),
        ("{'a': 1}.transformMap(k, v, v + 1)", "{\"a\": 2}", 6),
        ("[1, 2].all(i, v, v > i)", "true", 13),
        ("optional.of(1).optMap(x, x + 1).value()", "2", 8),
        (
            "optional.none().optFlatMap(x, optional.of(x)).hasValue()",
            "false",
            4,
        ),
    ]);
    fail(&[(
        "n.map(x, x)",
        "compilation failed: ERROR: <input>:1:1: expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)\n | n.map(x, x)\n | ^",
    )]);
}

#[test]
fn strings() {
    give(&[
        ("s.charAt(1)", "\"b\"", 2),
        ("'héllo'.size()", "5", 1),
        ("s.indexOf('c') + s.lastIndexOf('x')", "1", 3),
        ("'a,b,c'.split(',', 2)", "[\"a\", \"b,c\"]", 1),
        ("'abc'.split('')", "[\"a\", \"b\", \"c\"]", 1),
        ("['a', 'b'].join('-')", "\"a-b\"", 1),
        ("'aXbX'.replace('X', 'y', 1)", "\"aybX\"", 1),
        (
            "s.substring(1, 2) + s.upperAscii() + ' x '.trim()",
            "\"bABCx\"",
            7,
        ),
        (
            "s.contains('b') && s.startsWith('a') && s.endsWith('c')",
            "true",
            6,
        ),
        ("s.matches('^[a-c]+$')", "true", 3),
        ("s.find('b.')", "\"bc\"", 2),
        ("'a1b22'.findAll('[0-9]+')", "[\"1\", \"22\"]", 2),
        (
            "'%d %s %.2f %x'.format([1, 'x', 2.5, 255])",
            "\"1 x 2.50 ff\"",
            2,
        ),
        (
            "'%s'.format([[1, 2]]) + '%s'.format([{'a': true}])",
            "\"[1, 2]{\\\"a\\\":true}\"",
            4,
        ),
        ("strings.quote('a\"b')", "\"\\\"a\\\\\\\"b\\\"\"", 1),
    ]);
    fail(&[
        ("s.charAt(9)", "index out of range: 9"),
        (
            "s.substring(2, 1)",
            "invalid substring range. start: 2, end: 1",
        ),
        (
            "s.matches(s + '[')",
            "error parsing regexp: missing closing ]: `[`",
        ),
        (
            "s.find('[')",
            "program instantiation failed: error parsing regexp: missing closing ]: `[`",
        ),
    ]);
}

#[test]
fn conversions() {
    give(&[
        ("int('12') + int(2.9) + int(3u)", "17", 2),
        ("double('1.5')", "1.5", 0),
        (
            "string(1.0) + string(true) + string(1000000.0)",
            "\"1true1e+06\"",
            2,
        ),
        ("string(duration('1h30m'))", "\"5400s\"", 0),
        (
            "string(timestamp('2024-01-02T03:04:05.120Z'))",
            "\"2024-01-02T03:04:05.12Z\"",
            0,
        ),
        ("bool('T')", "true", 0),
        (
            "type(n) == int && type(s) == string && type([]) == list",
            "true",
            7,
        ),
        ("timestamp(0).getFullYear()", "1970", 1),
        (
            "timestamp('2024-02-29T13:14:15.016Z').getDayOfYear('+02:00')",
            "59",
            1,
        ),
        ("duration('90m').getHours()", "1", 1),
    ]);
    fail(&[
        ("int(s)", "type conversion error from 'string' to 'int'"),
        ("uint(-n)", "unsigned integer overflow"),
        ("bool(s)", "type conversion error from 'string' to 'bool'"),
        (
            "int('x')",
            "program instantiation failed: type conversion error from 'string' to 'int'",
        ),
    ]);
}

#[test]
fn lists_and_sets() {
    give(&[
        ("l.sort()", "[\"a\", \"b\"]", 20),
        ("l.sortBy(x, x)", "[\"a\", \"b\"]", 49),
        ("l.isSorted()", "false", 1),
        ("[3, 1].min() + [3, 1].max() + [1, 2].sum()", "7", 8),
        ("l.indexOf('a') - l.lastIndexOf('z')", "2", 3),
        (
            "[1, 2, 3].slice(1, 2) + [[1], [2]].flatten() + [1, 1].distinct()",
            "[2, 1, 2, 1]",
            46,
        ),
        ("[1, 2].reverse() + lists.range(2)", "[2, 1, 0, 1]", 27),
        ("[1, 2].first().value() + [1, 2].last().value()", "3", 5),
        (
            "sets.contains([1, 2], [2]) && sets.equivalent([1], [1, 1]) && !sets.intersects([1], [2])",
            "true",
            11,
        ),
    ]);
    fail(&[
        ("[n].slice(1, 3)", "cannot slice(1, 3), list is length 1"),
        (
            "[n].slice(2, 1)",
            "cannot slice(2, 1), start index must be less than or equal to end index",
        ),
        ("l.filter(x, false).max()", "max called on empty list"),
    ]);
}

#[test]
fn kubernetes_libraries() {
    give(&[
        (
            "quantity('1Gi').isGreaterThan(quantity('500Mi'))",
            "true",
            3,
        ),
        (
            "quantity('1500m').add(1).compareTo(quantity('2.5'))",
            "0",
            4,
        ),
        (
            "sign(quantity('-1')) + quantity('5k').asInteger()",
            "4999",
            5,
        ),
        ("isQuantity('10x')", "false", 1),
        ("ip('1.2.3.4').family()", "4", 2),
        ("ip.isCanonical('2001:DB8::1')", "false", 3),
        (
            "cidr('10.1.2.3/8').masked() == cidr('10.0.0.0/8')",
            "true",
            4,
        ),
        ("cidr('10.0.0.0/8').containsIP('10.1.2.3')", "true", 3),
        ("cidr('10.0.0.0/8').containsCIDR('11.0.0.0/16')", "false", 6),
        ("string(cidr('10.0.0.0/8').ip())", "\"10.0.0.0\"", 3),
        (
            "url('https://a.com:80/b c?d=e&d=f#g').getPort()",
            "\"80\"",
            4,
        ),
        (
            "url('https://a.com/b?d=e&d=f').getQuery()",
            "{\"d\": [\"e\", \"f\"]}",
            4,
        ),
        ("isURL('../x')", "false", 1),
        ("semver('1.2.3').isLessThan(semver('1.10.0'))", "true", 3),
        ("semver('v1', true).major()", "1", 2),
        ("isSemver('1.02.3')", "false", 1),
        ("format.named('x').hasValue()", "false", 2),
        (
            "format.dns1123Label().validate('a-b').hasValue()",
            "false",
            10,
        ),
    ]);
    fail(&[
        (
            "ip(s)",
            "IP Address \"abc\" parse error during conversion from string: ParseAddr(\"abc\"): unable to parse IP",
        ),
        (
            "ip('::ffff:1.2.3.4')",
            "IPv4-mapped IPv6 address \"::ffff:1.2.3.4\" is not allowed",
        ),
        ("cidr('10.0.0.0/8').containsIP(s)", "no such overload"),
        (
            "quantity('1.5').asInteger()",
            "cannot convert value to integer",
        ),
        ("semver('1.2')", "No Major.Minor.Patch elements found"),
        (
            "url('a b')",
            "URL parse error during conversion from string: parse \"a b\": invalid URI for request",
        ),
    ]);
}
