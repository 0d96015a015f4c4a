//! The policies in which faults matter.

/// Nodes that are short for a switch, and a param more.
pub(super) const ONE_CUT: &str = "
rules:
- {name: large, match: {type: pay}, conditions: {param_gt: {amount: 100}}, approval: block}
- {name: small, match: {type: give}, conditions: {param_lt: {amount: 100}}, approval: auto}
- {name: named, match: {type: name}, conditions: {param_eq: {zone: a}}, approval: auto}
";

pub(super) const NUMBERS: &str = "
- {name: large, match: {type: pay}, conditions: {param_gt: {amount: 100}}, approval: block}
- {name: some, match: {type: pay}, conditions: {param_gte: {amount: 10}}, approval: approve}
- {name: rest, match: {type: pay}, approval: auto}
";

pub(super) const COLLECTIONS: &str = "
- {name: list, match: {type: t}, conditions: {param_eq: {p: [1, 2]}}, approval: block}
- {name: map, match: {type: t}, conditions: {param_eq: {p: {a: 1}}}, approval: auto}
";

pub(super) const ERRORS: &str = "
- {name: two, match: {type: t}, conditions: {param_gt: {p: 1}, param_lt: {q: 5}}, approval: auto}
- {name: other, match: {type: t}, conditions: {param_gt: {p: 0, r: 1}}, approval: block}
";

pub(super) const TEXTS: &str = "
- {name: prod, match: {type: t}, conditions: {param_eq: {env: production}}, approval: block}
- {name: stage, match: {type: t}, conditions: {param_eq: {env: staging}}, approval: approve}
- {name: dev, match: {type: t}, conditions: {param_eq: {env: dev}}, approval: auto}
- {name: test, match: {type: t}, conditions: {param_eq: {env: test}}, approval: block}
- {name: eu, match: {type: t}, conditions: {param_eq: {env: eu}}, approval: approve}
- {name: us, match: {type: t}, conditions: {param_eq: {env: us}}, approval: auto}
- {name: ap, match: {type: t}, conditions: {param_eq: {env: ap}}, approval: auto, risk_level: low}
";

pub(super) const TIMES: &str = "
- {name: day, match: {type: t}, conditions: {time_after: '09:00', time_before: '17:30', weekdays: [1, 2, 5]}, approval: auto}
- {name: night, match: {type: t}, conditions: {time_before: '06:00'}, approval: block}
";

pub(super) const LITERALS: &str = "
- {name: guard, match: {type: 'delete*'}, conditions: {param_eq: {env: prod}}, approval: block}
- {name: read, match: {type: read, target: db}, approval: auto}
- {name: write, match: {type: write, target: db}, approval: approve}
- {name: delete, match: {type: delete}, approval: auto}
- {name: list, match: {type: list}, approval: auto, risk_level: low}
- {name: drop, match: {type: drop}, approval: block}
- {name: move, match: {type: move}, approval: approve, risk_level: high}
- {name: send, match: {type: send}, approval: approve, risk_level: critical}
";

/// More than do without pilots.
pub(super) const MANY_LITERALS: &str = "
- {name: r0, match: {type: verb_0}, approval: auto}
- {name: r1, match: {type: verb_1}, approval: approve}
- {name: r2, match: {type: verb_2}, approval: block}
- {name: r3, match: {type: verb_3}, approval: auto}
- {name: r4, match: {type: verb_4}, approval: approve}
- {name: r5, match: {type: verb_5}, approval: block}
- {name: r6, match: {type: verb_6}, approval: auto}
- {name: r7, match: {type: verb_7}, approval: approve}
- {name: r8, match: {type: verb_8}, approval: block}
- {name: r9, match: {type: verb_9}, approval: auto}
- {name: r10, match: {type: verb_10}, approval: approve}
- {name: r11, match: {type: verb_11}, approval: block}
- {name: r12, match: {type: verb_12}, approval: auto}
- {name: r13, match: {type: verb_13}, approval: approve}
- {name: r14, match: {type: verb_14}, approval: block}
- {name: r15, match: {type: verb_15}, approval: auto}
- {name: r16, match: {type: verb_16}, approval: approve}
- {name: r17, match: {type: verb_17}, approval: block}
- {name: r18, match: {type: verb_18}, approval: auto}
- {name: r19, match: {type: verb_19}, approval: approve}
- {name: r20, match: {type: verb_20}, approval: block}
- {name: r21, match: {type: verb_21}, approval: auto}
- {name: r22, match: {type: verb_22}, approval: approve}
- {name: r23, match: {type: verb_23}, approval: block}
- {name: r24, match: {type: verb_24}, approval: auto}
- {name: r25, match: {type: verb_25}, approval: approve}
- {name: r26, match: {type: verb_26}, approval: block}
- {name: r27, match: {type: verb_27}, approval: auto}
- {name: r28, match: {type: verb_28}, approval: approve}
- {name: r29, match: {type: verb_29}, approval: block}
- {name: r30, match: {type: verb_30}, approval: auto}
- {name: r31, match: {type: verb_31}, approval: approve}
- {name: r32, match: {type: verb_32}, approval: block}
- {name: r33, match: {type: verb_33}, approval: auto}
- {name: r34, match: {type: verb_34}, approval: approve}
- {name: r35, match: {type: verb_35}, approval: block}
- {name: r36, match: {type: verb_36}, approval: auto}
- {name: r37, match: {type: verb_37}, approval: approve}
- {name: r38, match: {type: verb_38}, approval: block}
- {name: r39, match: {type: verb_39}, approval: auto}
";

pub(super) const PREFIXES: &str = "
- {name: long, match: {type: 'db_read_*'}, approval: auto}
- {name: short, match: {type: 'db_*'}, approval: block}
- {name: files, match: {type: 'file_*'}, approval: approve}
- {name: mail, match: {type: 'mail_*'}, approval: auto, risk_level: low}
- {name: net, match: {type: 'net_*'}, approval: block, risk_level: critical}
- {name: z9, match: {type: 'zzzzzzzzz*'}, approval: auto}
- {name: z7, match: {type: 'zzzzzzz*'}, approval: block}
- {name: z6, match: {type: 'zzzzzz*'}, approval: auto}
- {name: z2, match: {type: 'zz*'}, approval: approve}
- {name: z1, match: {type: 'z*'}, approval: block}
";

pub(super) const SUFFIXES: &str = "
- {name: a, match: {type: '*_read'}, approval: auto}
- {name: b, match: {type: '*_write'}, approval: block}
- {name: c, match: {type: '*_list'}, approval: approve}
- {name: d, match: {type: '*_drop'}, approval: auto, risk_level: low}
- {name: z9, match: {type: '*zzzzzzzzz'}, approval: auto}
- {name: z8, match: {type: '*zzzzzzzz'}, approval: approve}
- {name: z7, match: {type: '*zzzzzzz'}, approval: block}
- {name: z4, match: {type: '*zzzz'}, approval: block}
- {name: z3, match: {type: '*zzz'}, approval: auto}
- {name: z2, match: {type: '*zz'}, approval: approve}
- {name: z1, match: {type: '*z'}, approval: block}
";

pub(super) const STARTS: &str = "
- {name: read, match: {type: 'db_read_*'}, approval: auto}
- {name: files, match: {type: 'file_*'}, approval: approve}
- {name: mail, match: {type: 'mail_*'}, approval: auto, risk_level: low}
- {name: net, match: {type: 'net_*'}, approval: block, risk_level: critical}
";

pub(super) const GLOBS: &str = "
- {name: open, match: {type: t, target: 'pub*'}, approval: auto}
- {name: one, match: {type: t, target: 'x?z'}, approval: approve}
- {name: rest, match: {type: t, agent: 'ci-*'}, approval: block}
";

pub(super) const TESTS: &str = "
- {name: admin, match: {type: t}, conditions: {param_contains: {roles: admin}}, approval: block}
- {name: deep, match: {type: t}, conditions: {param_contains: {ids: 7}}, approval: approve}
- {name: words, match: {type: u}, conditions: {semantic: 'destroy purge'}, approval: block}
";

pub(super) const TOGETHER: &str = "
- {name: one, match: {type: t, target: '*red*blue*'}, approval: block}
- {name: two, match: {type: t, target: '*one*two*'}, approval: approve}
- {name: three, match: {type: t, target: '*up?down*'}, approval: auto}
- {name: four, match: {type: t, target: '*x*y*z*'}, approval: approve, risk_level: low}
- {name: five, match: {type: t}, approval: auto, risk_level: low}
";

pub(super) const MIXED: &str = "
- {name: a, match: {type: t}, conditions: {param_gt: {p: 5}, param_eq: {q: x}}, approval: block}
- {name: b, match: {type: t}, conditions: {param_eq: {q: y}, time_after: '12:00'}, approval: approve}
- {name: c, match: {type: t, target: 'z*'}, conditions: {param_lt: {p: 2}}, approval: auto}
- {name: d, match: {type: t}, conditions: {param_contains: {r: admin}}, approval: auto, risk_level: low}
";
