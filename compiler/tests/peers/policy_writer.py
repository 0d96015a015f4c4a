"""Random policies, and their text in many styles of YAML, for `policy_text.py`.

An `Author` draws what a policy says; a `Scribe` writes it down. Neither has to be right about what a
text means: the reference says so.
"""

import collections

# --- What a policy says -------------------------------------------------------------------------
#
# A node is ("text", str), ("raw", str), ("list", [node]) or ("map", [(node, node)], role). A role names
# a place where one anchored node may stand for another.

TYPES = ["read", "write", "delete", "deploy", "read_file", "DELETE", "list nodes", "연락처", "données", "💳pay", "y", "null", "12"]
TARGETS = ["prod_db", "staging", "crm", "a/b/c", "x.y", "prod", "Straße", "no", "a: b", "#1", "1.0"]
AGENTS = ["bot_a", "bot_b", "ops-1", "*"]
PARAMS = ["amount", "env", "tags", "email", "row count", "é", "on", "1"]
TEXTS = ["staging", "production", "", "a", "admin", "urgent", "a@corp.com", "x", "100", "True", "é", "연락처", "💳", "it's",
         'a"b', "a\nb", " padded ", "a\tb", "yes", "1e3", "\x85", "\u2028", "a\\b", "- a", "a: b", "a #b", "\x07", "#"]
ODD = ["yes", "No", "on", "OFF", "y", "n", "tRue", "~", "null", "Null", "0123", "08", "0o17", "0x1F", "0b101", "1_000", "1e3", "1.0e3",
       "1.0e+3", "1e+3", "+.5", "-.5", ".5", "1.", "1.5", ".inf", "-.INF", ".nan", "190:20:30.15", "1:60", "9:30", "2024-01-01",
       "2024-01-01T10:00:00Z", "2024-1-1 1:2:3.5 +2", "9007199254740993", "18446744073709551616", "-0", "+1", "- 1", "0", "1", "100",
       "99.5", "-1", "1__0", "12e03", "0.", "-0.0", "1.0e+400", "=", "<<", "!", "0x_", "_1", "True", "2024-13-01", "", "685_230.15", "0_7",
       "!!str 12", "!!str yes", "!!int '7'", "!!float 1", "!!null ''", "!!bool 'on'", "!!binary aGk=", "!!timestamp 2024-01-01", "! a",
       "!!python/none x", "!local x", "!!str", "!<tag:yaml.org,2002:str> 5", "!!int 1.5", "!!set {a, b}", "!!omap [a: 1]", "!!pairs [a: 1]"]
GLOBS = ["*", "", "?*", "[", "[!a]*", "[]", "[a-z]*", "*o*", "{a,b}", "[z-a]", "[!]", "**", "a*b"]
PATTERNS = [r"@corp\.com$", "^a", "urgent", r"^\d{1,3}$", "(?i)URGENT", "prod|stag", "^$", ".", r"\bcorp\b", r"^\w+@", "(", "*a", "[z-a]", r"(a)\1",
            r"(?=a)", "True", r"\s", "é|연", r"\['", "None", r"^-?\d+(\.\d+)?$"]
SEMANTIC = ["destructive", "PII or the leak", "financial", " Data_Exposure ", "delete all", "the of", "urgent", "read_file", ""]
RISK = ["low", "medium", "high", "critical", "HIGH", "Low"]
APPROVAL = ["auto", "approve", "block"]
CONDITIONS = ["time_after", "time_before", "weekdays", "param_eq", "param_gt", "param_lt", "param_gte", "param_lte", "param_contains",
              "param_matches", "semantic"]


class Author:
    """Draws policies."""

    def __init__(self, rng):
        self.rng = rng

    def chance(self, p):
        return self.rng.random() < p

    def layer(self):
        rng, pairs = self.rng, []
        if self.chance(0.5):
            pairs.append((text("version"), rng.choice([text("1"), raw("1"), raw("2"), text("2")] * 4 + [raw("1.0"), raw("0x1"), text(" 1 "), raw("3")])))
        if self.chance(0.6):
            pairs.append((text("defaults"), self.outcome("defaults")))
        rules = [self.rule() for _ in range(rng.choice([0, 1, 1, 2, 3, 4, 6, 8]))]
        pairs.append((text("rules"), ("list", rules)))
        if self.chance(0.05):
            pairs.append((text(rng.choice(["scope", "scope_id", "extra", "rule"])), self.scalar()))
        if self.chance(0.04):
            pairs.append(self.plan())
        if self.chance(0.03):
            pairs.append((text("rules"), ("list", rules[:1])))
        if self.chance(0.15):
            rng.shuffle(pairs)
        if self.chance(0.01):
            return self.odd()
        return ("map", pairs, "layer")

    def plan(self):
        steps = ("list", [text(self.rng.choice(TYPES)) for _ in range(2)])
        pattern = ("map", [(text("name"), text("s")), (text("steps"), steps)], "plan")
        return (text("plan_rules"), ("map", [(text("sequence_patterns"), ("list", [pattern]))], "plan"))

    def outcome(self, role):
        pairs = []
        if self.chance(0.85):
            pairs.append((text("risk_level"), self.rare(text(self.rng.choice(RISK)), 0.01)))
        if self.chance(0.85):
            pairs.append((text("approval"), self.rare(text(self.rng.choice(APPROVAL)), 0.01)))
        return ("map", pairs, role)

    def rare(self, node, p):
        return self.odd() if self.chance(p) else node

    def rule(self):
        pairs = []
        if self.chance(0.8):
            name = self.rng.choice([text("r1"), text("dup"), text("rule 7"), text("규칙"), text("a: b"), text(""), raw("~"), text("two\nlines")])
            pairs.append((text("name"), self.rare(name, 0.01)))
        match = []
        for key, words, p in (("type", TYPES, 0.9), ("target", TARGETS, 0.45), ("agent", AGENTS, 0.2)):
            if self.chance(p):
                match.append((text(key), self.rare(text(self.glob(words)), 0.01)))
        if match or self.chance(0.5):
            pairs.append((text("match"), self.rare(("map", match, "match"), 0.005)))
        if self.chance(0.6):
            pairs.append((text("conditions"), self.rare(self.conditions(), 0.02)))
        outcome = self.outcome("outcome")[1]
        pairs += outcome
        if self.chance(0.03):
            pairs.append((text(self.rng.choice(["aproval", "condition", "note"])), self.scalar()))
        if self.chance(0.03):
            pairs.append(self.rng.choice(pairs) if pairs else (text("name"), text("x")))
        if self.chance(0.2):
            self.rng.shuffle(pairs)
        return self.rare(("map", pairs, "rule"), 0.002)

    def glob(self, words):
        word = self.rng.choice(words)
        at = self.rng.randrange(len(word) + 1)
        return self.rng.choice([word, word, word, word[:at] + "*", "*" + word[at:], "*" + word[1:3] + "*", word[:at] + "?" + word[at + 1:],
                                self.rng.choice(GLOBS), "*", "*", "*"])

    def conditions(self):
        pairs = []
        for _ in range(self.rng.choice([1, 1, 1, 2, 2, 3, 0])):
            key = self.rng.choice(CONDITIONS) if self.chance(0.98) else self.rng.choice(["param_equals", "time", "on"])
            pairs.append((text(key), self.rare(self.condition(key), 0.01)))
        if pairs and self.chance(0.04):
            pairs.append(self.rng.choice(pairs))
        return ("map", pairs, "conditions")

    def condition(self, key):
        rng = self.rng
        if key.startswith("time"):
            hour, minute = rng.randrange(24), rng.choice([0, 0, 15, 30, 59])
            shape = rng.choice(["{:02}:{:02}", "{:02}:{:02}", "{}:{:02}", " {:02} : {:02} ", "{:02}:{:02}:30", "{}:{}"])
            return ("quoted", shape.format(hour, minute))
        if key == "weekdays":
            days = [raw(str(day)) for day in rng.sample(range(1, 8), rng.randrange(0, 7))]
            if self.chance(0.1):
                days.append(rng.choice([raw("0"), raw("1.0"), raw("yes"), text("mon"), raw("'1'"), raw("~"), raw("0x3")]))
            return ("list", days)
        if key == "semantic":
            return text(rng.choice(SEMANTIC))
        pairs = []
        for _ in range(rng.choice([1, 1, 1, 1, 2, 2, 3, 0])):
            name = self.odd() if self.chance(0.02) else text(rng.choice(PARAMS))
            if key == "param_matches":
                value = self.rare(text(rng.choice(PATTERNS)), 0.03)
            elif key in ("param_eq", "param_contains"):
                value = self.constant(0)
            else:
                value = self.scalar()
            pairs.append((name, value))
        if pairs and self.chance(0.03):
            pairs.append(rng.choice(pairs))
        return ("map", pairs, "params")

    def scalar(self):
        rng = self.rng
        return rng.choice([raw(str(rng.choice([0, 1, 50, 99, 100, 101, 1000]))), raw(rng.choice(["99.5", "100.0", "1e2", "1.0e+2"])),
                           text(rng.choice(TEXTS)), text(rng.choice(TEXTS)), self.odd()])

    def odd(self):
        return raw(self.rng.choice(ODD))

    def constant(self, depth):
        if depth < 3 and self.chance(0.12):
            return ("list", [self.constant(depth + 1) for _ in range(self.rng.randrange(4))])
        if depth < 3 and self.chance(0.08):
            keys = [text(self.rng.choice(TEXTS)) if self.chance(0.95) else self.odd() for _ in range(self.rng.randrange(4))]
            return ("map", [(key, self.constant(depth + 1)) for key in keys], "constant")
        return self.scalar()


def text(value):
    return ("text", value)


def raw(value):
    return ("raw", value)


# --- How it is written --------------------------------------------------------------------------


class Scribe:
    """Writes a node as YAML text, in a style of its own."""

    def __init__(self, rng):
        self.rng = rng
        self.flow = rng.choice([0.0, 0.1, 0.3, 0.6, 1.0])
        self.comments = rng.choice([0, 0, 0.05, 0.2])
        self.anchors = rng.choice([0, 0, 0.1, 0.3])
        self.quotes = rng.choice(["'", '"', "any", "any", ""])
        self.step = rng.choice([2, 2, 2, 4, 1, 3])
        self.flush = rng.random() < 0.5  # lists stand no deeper than their key
        self.known = collections.defaultdict(list)
        self.named = 0

    def chance(self, p):
        return self.rng.random() < p

    def document(self, node):
        lines = []
        if self.chance(0.03):
            lines.append("%YAML 1.1")
            lines.append("---")
        elif self.chance(0.2):
            lines.append(self.rng.choice(["---"] * 8 + ["--- ", "---   # first", "---\t"]))
        if node[0] == "map" and self.chance(1 - self.flow * 0.5) and node[1]:
            lines += self.block(node, 0)
        else:
            lines += self.inline(node, 0).split("\n")
        if self.chance(0.1):
            lines.append(self.rng.choice(["...", "... # end", "# end", "", "   ", "---" if self.chance(0.05) else "..."]))
        ending = self.rng.choice(["\n", "\n", "\n", "\n", "\r\n", "\r"])
        out = ending.join(lines)
        if self.chance(0.9):
            out += ending
        if self.chance(0.03):
            out = "\ufeff" + out
        if self.chance(0.1):
            out = self.damage(out)
        return out

    def damage(self, out):
        """A slip or two."""
        for _ in range(self.rng.choice([1, 1, 2, 3])):
            at = self.rng.randrange(len(out) + 1)
            kind = self.rng.randrange(5)
            if kind == 0:
                out = out[:at] + self.rng.choice(":{}[],-#&*!|>'\"%@`\\ \t\n?~=<\xa0\x85\u2028") + out[at:]
            elif kind == 1:
                out = out[:at] + out[at + 1:]
            elif kind == 2:
                lines = out.split("\n")
                lines.insert(self.rng.randrange(len(lines) + 1), self.rng.choice(lines))
                out = "\n".join(lines)
            elif kind == 3:
                lines = out.split("\n")
                line = self.rng.randrange(len(lines))
                lines[line] = self.rng.choice([" " + lines[line], lines[line][1:], lines[line].rstrip(), "\t" + lines[line], lines[line] + " "])
                out = "\n".join(lines)
            else:
                out = out[:at] + self.rng.choice([" #", ": ", " - ", "\n", "\n\n", "''", "!!str ", "&a ", "*a", ", "]) + out[at:]
        return out

    # A collection as lines at an indentation.

    def block(self, node, indent):
        lines = []
        if node[0] == "list":
            for item in node[1]:
                self.remark(lines, indent)
                self.entry(lines, " " * indent + "-", item, indent, self.step + 1, False)
            return lines
        for key, value in self.merged(node):
            self.remark(lines, indent)
            head = self.key(key, indent)
            if self.chance(0.02):
                lines.append(" " * indent + "? " + head)
                head = ""
            self.entry(lines, " " * indent + head + ":", value, indent, self.step, self.flush, self.role(key))
        return lines

    def entry(self, lines, head, value, indent, step, flush, role=None):
        name, value, kept = self.anchor(value, role)
        self.body(lines, head + name, name, value, indent, step, flush)
        self.leave(name, kept)

    def body(self, lines, head, name, value, indent, step, flush):
        kind = value[0]
        if kind in ("map", "list") and value[1] and not self.chance(self.flow):
            if self.chance(0.03):
                head += " !!map" if kind == "map" else " !!seq"
            inner = indent if flush and kind == "list" else indent + step
            body = self.block(value, inner)
            compact = head.endswith("-") and not name and len(body[0]) > inner and body[0][:inner].isspace()
            if compact and self.chance(0.8) and not body[0].strip().startswith("#"):
                # The first entry beside the dash.
                body[0] = head + " " * (inner - len(head)) + body[0][inner:]
                lines += body
            else:
                lines.append(head + self.aside())
                lines += body
        elif kind == "text" and self.chance(0.06) and self.folds(value[1]):
            lines += self.folded(head, value[1], indent + step)
        else:
            body = (head + " " * self.rng.choice([1, 1, 1, 1, 3]) + self.inline(value, indent + 1)).split("\n")
            body[-1] += self.aside()
            lines += body

    def remark(self, lines, indent):
        if self.chance(self.comments):
            lines.append(self.rng.choice(["# a remark", " " * indent + "# - name: x", "", "   ", "#"]))

    def aside(self):
        return self.rng.choice([" # aside", "  #", " "] * 8 + ["\t# tab"]) if self.chance(self.comments) else ""

    # Anchors: a node of the same role may stand again, as an alias or merged.

    def anchor(self, node, role=None):
        """What to write before a node, and the node or an alias of another; then `leave` it."""
        role = node[2] if node[0] == "map" else role if node[0] == "text" else None
        known = self.known[role]
        if role and known and self.chance(self.anchors):
            return "", raw("*" + self.rng.choice(known)), None
        if role and self.chance(self.anchors):
            self.named += 1
            name = f"n{self.named}" if self.chance(0.995) else "n1"
            return " &" + self.rng.choice([name, name, name + "-x"]), node, role
        return "", node, None

    def leave(self, name, role):
        """From here on the anchor's node is whole and can be named."""
        if role:
            self.known[role].append(name.strip()[1:])

    def merged(self, node):
        pairs = list(node[1])
        known = self.known[node[2]]
        if known and self.chance(self.anchors):
            names = [raw("*" + name) for name in self.rng.sample(known, min(len(known), self.rng.choice([1, 1, 2])))]
            merge = names[0] if len(names) == 1 and self.chance(0.8) else ("list", names)
            pairs.insert(self.rng.randrange(len(pairs) + 1), (raw("<<"), merge))
        return pairs

    # On one line, or nearly.

    def inline(self, node, indent):
        kind = node[0]
        if kind == "raw":
            return node[1]
        if kind == "quoted":
            return self.quoted(node[1], indent)
        if kind == "text":
            return self.scalar(node[1], indent)
        parts = []
        if kind == "list":
            for item in node[1]:
                name, item, kept = self.anchor(item)
                parts.append((name + " " + self.inline(item, indent + 1)).strip())
                self.leave(name, kept)
        else:
            for key, value in self.merged(node):
                name, value, kept = self.anchor(value, self.role(key))
                parts.append(self.key(key, indent) + ":" + name + " " + self.inline(value, indent + 1))
                self.leave(name, kept)
        gap = ""
        if self.chance(0.08):
            gap = "\n" + " " * (indent + 1 + self.rng.randrange(3))
            if self.chance(self.comments):
                gap = " # within" + gap
        between = gap or self.rng.choice(["", " ", " ", " "])
        body = ("," + (between or " ")).join(parts)
        if parts and self.chance(0.05):
            body += ","
        open_, close = "[]" if kind == "list" else "{}"
        return open_ + between + body + between + close

    def key(self, node, indent):
        if node[0] == "raw":
            return node[1]
        out = self.scalar(node[1], indent, key=True)
        return out + " " if self.chance(0.02) else out

    def role(self, key):
        return key[1] if key[1] in ("name", "type", "target", "agent", "risk_level", "approval", "semantic") else None

    def plain(self, value):
        """Whether a text is itself to every reader without quotes."""
        words = ("null", "yes", "no", "on", "off", "true", "false")
        return value[:1].isalpha() and all(c.isalnum() or c in "_*./@" for c in value) and value.lower() not in words

    def scalar(self, value, indent, key=False):
        wild = not self.plain(value)
        if self.chance(0.015) and not key:
            return self.rng.choice(["!!str "] * 8 + ["! ", "!!str  "]) + self.quoted(value, indent)
        if not wild and self.chance(0.7 if self.quotes else 1):
            return value
        if wild and value.strip() == value and value and self.chance(0.004):
            return value.replace("\n", " ")  # plain all the same: the reference says what it is
        return self.quoted(value, indent, key)

    def quoted(self, value, indent, key=False):
        quote = self.quotes if self.quotes in ("'", '"') else self.rng.choice("'\"")
        if quote == "'" and all(c.isprintable() for c in value):
            out = value.replace("'", "''")
            if not key and " " in out.strip() and self.chance(0.1):
                at = out.strip().index(" ") + len(out) - len(out.lstrip())
                out = out[:at] + "\n" + " " * (indent + 1) + out[at + 1:]
            return "'" + out + "'"
        out = ""
        for c in value:
            code = ord(c)
            if c in '"\\':
                out += "\\" + c
            elif c == " " and not key and self.chance(0.05):
                out += self.rng.choice(["\\ ", "\\x20", " \\\n" + " " * (indent + 1)])
            elif not c.isprintable() or self.chance(0.03):
                names = {0: "\\0", 7: "\\a", 9: "\\t", 10: "\\n", 0x85: "\\N", 0xa0: "\\_", 0x2028: "\\L", 0x2029: "\\P", 47: "\\/"}
                forms = [f"\\U{code:08x}"]
                if code <= 0xffff:
                    forms.append(f"\\u{code:04X}")
                if code <= 0xff:
                    forms.append(f"\\x{code:02x}")
                if code in names:
                    forms += [names[code]] * 3
                out += self.rng.choice(forms)
            else:
                out += c
        return '"' + out + '"'

    def folds(self, value):
        return value.strip() and all(c.isprintable() or c == "\n" for c in value)

    def folded(self, head, value, indent):
        style = self.rng.choice("|>") + self.rng.choice(["-"] * 12 + ["", "+"])
        if value.startswith(" ") or self.chance(0.1):
            style += str(self.step) if self.chance(0.9) else "1"
        body = [" " * indent + line if line else "" for line in value.split("\n")]
        return [head + " " + style + self.aside()] + body + ([""] if self.chance(0.1) else [])
