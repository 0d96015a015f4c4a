"""Small policies that are odd about one thing each: what people and generators of policies write by
mistake, and where readers of YAML are known to part. `policy_text.py --odd` compares them."""

RULE = "rules:\n- match: {type: '*'}\n  approval: auto\n"

# Whole files.
FILES = [
    RULE + '  name: ' + "k" * 2000 + '\n', 'rules:\n- ' + "k" * 1100 + ': 1\n  approval: auto\n',
    'rules:\n- ? ' + "k" * 1100 + '\n  : 1\n  approval: auto\n', 'rules:\n- {' + "k" * 1100 + ': 1, approval: auto}\n',
    "rules:\n- '" + "k" * 1101 + "': 1\n  approval: auto\n", '? [a]\n: 1\n' + RULE, '? {a: 1}\n: 1\n' + RULE, '{}: 1\n' + RULE, '[]: 1\n' + RULE,
    '1: 2\n' + RULE, '~: 2\n' + RULE, ': 2\n' + RULE, '? \n' + RULE, '2024-01-01: x\n' + RULE, '!!binary aGk=: x\n' + RULE,
    '<<: {approval: block}\n' + RULE, '<<: [{version: 2}, {version: x}]\n' + RULE, '<<: 1\n' + RULE, '<<: [1]\n' + RULE, '<<:\n' + RULE,
    "'<<': {rules: []}\n" + RULE, '!!merge <<: {version: 1}\n' + RULE, '!!merge x: {version: 1}\n' + RULE,
    '<<: {rules: []}\n<<: {defaults: {approval: auto}}\n' + RULE, RULE + '<<: {rules: []}\n',
    "rules: &a\n- match: {type: '*'}\n- <<: {approval: block, match: {type: x}}\n  approval: auto\n",
    "a: &x {type: 'r*'}\nrules:\n- match: *x\n- match: {<<: *x, type: y}\n- match: {type: y, <<: *x}\n- match: {type: a, type: b, <<: *x}\n",
    'a: &x {p: 1, q: 2}\nb: &y {q: 3, r: 4, <<: *x}\nrules:\n- conditions: {param_eq: {<<: [*x, *y], amount: 5}}\n',
    'a: &x {p: 1}\nb: &y {<<: *x, p: 2}\nrules:\n- conditions: {param_eq: {<<: *y, s: 1, p: 9}}\n',
    'x: &a [1,2]\nrules:\n- conditions: {weekdays: *a}\n', 'x: &a 1\nx: &a 2\n' + RULE, 'x: *a\ny: &a 1\n' + RULE, '--- \n' + RULE + '---\n',
    '---\n---\n' + RULE, RULE + '...\n' + RULE, RULE + '...\n---\n', '%YAML 1.2\n---\n' + RULE, '%YAML 2.0\n---\n' + RULE,
    '%TAG !e! tag:yaml.org,2002:\n---\nversion: !e!str 1\n' + RULE, '%FOO bar\n---\n' + RULE,
    '%TAG ! tag:yaml.org,2002:\n---\nversion: !int 1\n' + RULE, '%YAML 1.1\n' + RULE, '%YAML 1.1\n%YAML 1.1\n---\n' + RULE, '--- {rules: []}\n',
    '--- rules: []\n', '--- |\n x\n', '---\nnull\n', '~\n', '', '\n\n# c\n', '---\n', '...\n', '--- # c\n...\n', '\ufeff', '\ufeff# c\n' + RULE,
    'a\n', '[]\n', "''\n", '0\n', 'false\n', "rules:\n  - match: {type: '*'}\n - match: {}\n", "rules:\n- match:\n  type: '*'\n",
    'rules:\n -\n  match: {}\n', 'rules: - match: {}\n', 'rules:\n- - match: {}\n', 'rules:\n-\n- match: {}\n', 'rules:\n- match: {}\n  -\n',
    'rules: [match: {type: x}, {approval: auto}]\n', 'rules: [{match: {type: x}}, ]\n', 'rules: [,]\n', 'rules: [{match: {type: x},, }]\n',
    'rules: [{a, b: c}]\n', 'rules: [{? a : b}]\n', 'rules: [? match : {type: x}]\n', 'rules: [{a: b}\n]\n', 'rules: [{a: b}]]\n', 'rules: {}\n',
    "rules: ''\n", 'rules: 0\n', 'rules: false\n', 'rules: ~\n', "defaults: ''\n" + RULE, 'defaults: []\n' + RULE, 'defaults: 0\n' + RULE,
    'defaults: false\n' + RULE, 'rules:\n- name: |\n   a\n  approval: auto\n', 'rules:\n- name: |2\n     a\n  approval: auto\n',
    'rules:\n- name: >\n\n   a\n\n\n   b\n    c\n   d\n  approval: auto\n', 'rules:\n- name: |+\n   a\n\n\n  approval: auto\n',
    'rules:\n- name: |0\n   a\n', 'rules:\n- name: |10\n   a\n', 'rules:\n- name: |-2\n     a\n', 'rules:\n- name: |2-\n     a\n',
    'rules:\n- name: |--\n     a\n', 'rules:\n- name: |#c\n   a\n', 'rules:\n- name: | #c\n   a\n', 'rules:\n- name: |\n\ta\n',
    'rules:\n- name: |\n   \ta\n', 'rules:\n- name: |\n     a\n   b\n', 'rules:\n- name: |\n\n      \n   b\n',
    'rules:\n- name: >-\n    a\n    \tb\n    c\n', 'rules:\n- name: |', 'rules:\n- name: >-\n', 'rules:\n- name: |\n', 'rules:\n- name: |-\n   a',
    'rules:\n- name: |\n   a', 'rules:\n- name: |+\n   a', 'rules:\n- name: |\n   a\n ', 'rules:\n- name: |\n   a\n   ',
    'rules:\n- name: |\n   a\n\n# c\n  approval: auto\n', 'rules:\n- name: |\n   # a\n  approval: auto\n',
    'rules:\n- name: >\n   a\n  # c\n  approval: auto\n', 'rules:\n- name: a\n   b\n', 'rules:\n- name: a\n\n   b\n  approval: auto\n',
    'rules:\n- name: a # c\n   b\n', 'rules:\n- name: a\n    b: c\n', 'rules:\n- name: a\n  b\n', 'rules:\n- name: a b\tc \n  approval: auto\n',
    'rules:\n- name:\ta\n', 'rules:\n- name: \ta\n', 'rules:\n-\tname: a\n', 'rules:\n\t- name: a\n', 'rules:\n- name: a\t\n',
    'rules:\n- name: a\t# c\n', 'rules:\t[]\n', 'rules: [\ta]\n', 'rules: [{name: a\t, b: c}]\n', 'rules: [\n\t{name: a}]\n', '\nrules: []\t\n',
    '\t\nrules: []\n', ' \t\nrules: []\n', "rules:\n- name: 'a\n\tb'\n", 'rules:\n- name: "a\n\tb"\n', 'rules:\n- name: "a\\\n\tb"\n',
    'rules:\n- name: "a \\\n  \\ b"\n', 'rules:\n- name: "a\n\n\n  b"\n', "rules:\n- name: 'a  \n  b'\n",
    "rules:\n- name: 'a\n\n  b'\n  approval: auto\n", 'rules:\n- name: "\\q"\n', 'rules:\n- name: "\\x4"\n', 'rules:\n- name: "\\ud800"\n',
    'rules:\n- name: "\\ud83d\\ude00"\n', 'rules:\n- name: "\\U00110000"\n',
    'rules:\n- name: "\\0\\a\\b\\t\\\t\\n\\v\\f\\r\\e\\ \\"\\/\\\\\\N\\_\\L\\P"\n', 'rules:\n- name: "\\\'"\n', "rules:\n- name: 'a''b'\n",
    "rules:\n- name: 'a'b\n", 'rules:\n- name: "a"b\n', "rules:\n- name: 'a' 'b'\n", 'rules:\n- name: "a\n---\nb"\n',
    'rules:\n- name: "a\n... \nb"\n', 'rules:\n- name: "a\n  --- b"\n', 'rules:\n- name: @a\n', 'rules:\n- name: `a\n', 'rules:\n- name: %a\n',
    'rules:\n- name: !a\n', 'rules:\n- name: &a\n', 'rules:\n- name: &a\n  approval: auto\n', 'rules:\n- name: &a b\n  approval: auto\n- name: *a\n',
    'rules:\n- name: & b\n', 'rules:\n- name: *\n', 'rules:\n- name: &a &b c\n', 'rules:\n- name: !!str &a c\n', 'rules:\n- name: &a !!str c\n',
    'rules:\n- name: &a !!str\n  approval: auto\n', 'rules:\n- name: !!str !!str c\n', 'rules:\n- &a name: x\n  approval: auto\n- *a : y\n',
    'rules:\n- &a name: x\n- {*a : y}\n', 'rules:\n- &a name: x\n- {*a: y}\n', 'rules:\n- *a: y\n', 'rules:\n- name: -a\n', 'rules:\n- name: -\n',
    'rules:\n- name: - a\n', 'rules:\n- name: ?a\n', 'rules:\n- name: ? a\n', 'rules:\n- name: ?\n', 'rules:\n- name: :a\n', 'rules:\n- name: :\n',
    'rules:\n- name: a:\n', 'rules:\n- name: a:b\n', 'rules:\n- name: a::b\n', 'rules:\n- name: a#b\n', 'rules:\n- name: a #b\n',
    'rules:\n- name: #b\n', 'rules:\n- name:#b\n', 'rules:\n- name: a, b\n', 'rules:\n- {name: a:b}\n', 'rules:\n- {name: a:}\n',
    'rules:\n- {name: :a}\n', 'rules:\n- {name:a}\n', 'rules:\n- {name:}\n', 'rules:\n- {name: }\n', 'rules:\n- {"name":a}\n',
    'rules:\n- {\'name\':\'a\', "approval":auto}\n', 'rules:\n- {name : a}\n', 'rules:\n- {name\n : a}\n', 'rules:\n- {name: a b\n  c}\n',
    'rules:\n- {name: a#b}\n', 'rules:\n- {name: a{b}\n', 'rules:\n- {name: a]b}\n', 'rules:\n- [name: a]\n', 'rules:\n- {name: a?b}\n',
    'rules:\n- {name: ?b}\n', 'rules:\n- {name: -b}\n', 'rules:\n- {name: -}\n', 'rules:\n- {name: - b}\n', 'rules:\n- [-]\n',
    'rules:\n- {name: http://x.y}\n', 'rules:\n- {name: a: b}\n', "rules:\n- {'a'}\n", 'rules:\n- {a}\n', 'rules:\n- {<<: {approval: auto}}\n',
    'rules:\n- {match: {type: [a]}}\n', 'rules:\n- name: a\n  name\n', 'rules:\n- name: a\n name: b\n', 'rules: []\nrules\n',
    'rules: []\n rules: []\n', ' rules: []\nversion: 1\n', ' rules: []\n version: 1\n', 'rules:\n  []\n', 'rules:\n[]\n', 'rules:\n[\n]\n',
    'rules:\n- name:\n  a\n', 'rules:\n- name:\n    a\n', 'rules:\n- name:\n  - a\n', "rules:\n- match:\n    type:\n      'a'\n",
    "rules:\n- match: {type: 'a'} # c\n", "rules:\n- match: {type: 'a'}# c\n", 'rules:\n- match: {type: a} x\n', 'rules: [] # c\n# d', 'rules: []#\n',
]

# Plain scalars and tagged ones, as the value of a param.
SCALARS = [
    '1:2', '1:20', '12:30:45', '-1:30', '+1:30', '1:30.5', '1:60', '0:0', '01:30', '1_0:30', '0x_1', '0b', '0b1_0', '00', '0_', '-0x1F', '+0b11',
    '-017', '019', '0o7', '1.', '1._', '._5', '_.5', '1.5_0', '1.5e3', '1.5e+3', '1.5E-3', '1e+3', '.e+1', '1.e+1', '+.inf', '-.Inf', '.INF', '.iNF',
    '.NaN', '.nan', '.NAN', '1,000', "1'0", '١', '2001-1-1', '2001-01-1', '2001-12-14t21:59:43.10-05:00', '2001-12-14 21:59:43.10 -5',
    '2001-12-15 2:59:43.10', '2001-12-14T21:59:43Z', '2001-12-14T21:59', '2001-02-30', '2001-12-14 25:59:43', '2001-12-14T21:59:43+24:00',
    '2001-12-14T21:59:43+25:00', '0000-01-01', '9999-12-31T23:59:59-23:59', '~x', 'Null', 'nUll', 'TRUE', 'tRUE', 'Yes', 'YES', 'yES', 'On', 'oFF',
    'Y', 'N', '!!bool yes', '!!bool x', '!!int 0x1F', '!!int x', "!!int ''", "!!int '0b1'", "!!int ' 1'", '!!int 1:30', '!!int -', '!!float x',
    '!!float .inf', '!!float 1:30', "!!float '1_0'", "!!float ''", '!!null x', "!!null 'x'", '!!str ~', '!!str [a]', '!!seq x', '!!map x',
    '!!seq {a: 1}', '!!map [a]', '!!set [a]', '!!set {a: 1}', '!!set x', '!!omap [a: 1, b: 2]', '!!omap [a]', '!!omap {a: 1}', '!!pairs [a: 1, a: 2]',
    '!!pairs []', "!!binary 'a'", '!!binary x$', '!!binary aGk', "!!binary 'aG k='", '!!binary é', '!!timestamp x', "!!timestamp '2001-1-1'",
    "!!timestamp ''", '!!python/tuple [1]', '!!foo x', '!foo x', '!<!foo> x', "!<tag:yaml.org,2002:int> '5'", '!!int', '!!float', '!!bool',
    '!!binary', '!!timestamp', '!!str', '!!null', '!!seq', '!!map', '! 5', '!', "! '5'", '!%21 x', '!!s%74r 5', '!!str%20 5', '!e!x 5', '!!', '!<> x',
    '!< x', '=', '<<', "'='",
]

TIMES = [
    '09:00', '9:00', "'9:0'", "' 9 : 0 '", "'9:00\n'", "'+9:00'", "'9:-0'", "'24:00'", "'9'", "'9:'", "':9'", "'9:0:x'", '1_0:00', "'1_0:00'",
    "'٩:00'", '9:30:00', '190:00', '0:30', '-1:30', '1:30.5', '!!str 9:30', 'null', '9', 'true', "'09:00\u3000'", "'009:00'", "'09:000'", "['09:00']",
]

WEEKDAYS = [
    '1', '[]', '[1, 1]', '[~]', "['1']", '[1.5]', '[1.0]', '[true]', '{1: 2}', "'1'", 'null', '[[1]]', '[1, mon]', '[0x1]', '[0b10]', '!!set {1, 2}',
    '[-1]', '[8]', '1-5', '&a [1]', '[1:0]', '[2024-01-01]',
]

VERSIONS = [
    '1', "'1'", '1.0', '1.9', "' 1 '", "'1_0'", 'x', 'null', '[1]', 'true', "'0x1'", '-1', "'-1'", "'+1'", '1e3', "'١'", '2', '99999999999999999999',
    "'1.0'", "''", '2024-01-01',
]

# Anything at all, under every key.
ANYTHING = ["~", "[]", "{}", "''", "0", "x", "[x]", "{x: y}", "false", "{~: 1}", "{amount: ~}", "{amount: [1]}", "{1: 2}", "{env: {a: 1}}",
            "{amount: 2024-01-01}", "LOW", "low", "' low'", "block", "Block", "2024-01-01", "lOw", "\ufb02ow", "\u017f"]
TOP = ["version", "defaults", "rules", "scope", "scope_id", "plan_rules"]
IN_RULE = ["name", "match", "conditions", "risk_level", "approval"]


def texts(conditions):
    """All of them; `conditions` are the names of the conditions."""
    out = list(FILES)
    for key in ("param_eq", "param_contains"):
        out += [f"rules:\n- conditions:\n    {key}: {{amount: {one}}}\n  approval: auto\n" for one in SCALARS]
    out += [f"rules:\n- conditions: {{time_after: {one}}}\n  approval: auto\n" for one in TIMES]
    out += [f"rules:\n- conditions: {{weekdays: {one}}}\n  approval: auto\n" for one in WEEKDAYS]
    out += [f"version: {one}\n" + RULE for one in VERSIONS]
    for one in ANYTHING:
        out += [f"{key}: {one}\n" + ("" if key == "rules" else RULE) for key in TOP]
        out += [f"rules:\n- {key}: {one}\n" for key in IN_RULE]
        out += [f"rules:\n- conditions: {{{key}: {one}}}\n" for key in conditions]
    return out
