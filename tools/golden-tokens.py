#!/usr/bin/env python3
"""golden-tokens.py - what Hugging Face's tokenizers say, to hold src/models/text against.

  golden-tokens.py write DIR VOCAB.gguf...        reduced vocabularies and their goldens, for
                                                  test/data/tokenizers
  golden-tokens.py compare PROGRAM N VOCAB.gguf... the full vocabularies: llama.cpp's vectors beside
                                                  the files, if any, and N random texts for each

Needs the Python packages tokenizers, gguf and, for compare, sentencepiece and protobuf.  The vocabularies are llama.cpp's
models/ggml-vocab-{gpt-2,qwen2,phi-3,llama-bpe}.gguf and any GGUF of SmolLM2.  PROGRAM is the target
tokenize-stream.  No file of the models' authors is needed: the pre-tokenizers and normalizers are
written down here as their tokenizer.json have them.
"""
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import threading
import unicodedata

import gguf
import tokenizers
from tokenizers import Regex, decoders, models, normalizers, pre_tokenizers

MODERN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|%s| ?[^\s\p{L}\p{N}]+[\r\n]*"
          r"|\s*[\r\n]+|\s+(?!\S)|\s+")
NORMAL, UNKNOWN, CONTROL, USER, UNUSED, BYTE = 1, 2, 3, 4, 5, 6


def letters():
    """Byte-level BPE's letter of each byte."""
    stay = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    out, n = {}, 0
    for b in range(256):
        out[b] = chr(b) if b in stay else chr(256 + n)
        n += b not in stay
    return out


LETTER = letters()


class Vocabulary:
    """A GGUF file's tokenizer keys."""

    def __init__(self, path):
        fields = gguf.GGUFReader(path).fields

        def one(key, default=None):
            f = fields.get("tokenizer.ggml." + key)
            return f.contents() if f else default
        self.path = path
        self.tokens = one("tokens")
        self.types = one("token_type")
        self.scores = one("scores")
        self.merges = [tuple(m.split(" ")) for m in one("merges", [])]
        self.spm = one("model") == "llama"
        self.family = "phi-3" if self.spm else one("pre")
        self.bos, self.eos = one("bos_token_id"), one("eos_token_id")
        template = fields.get("tokenizer.chat_template")
        self.template = template.contents() if template else None

    def added(self):
        return [(i, t) for i, (t, k) in enumerate(zip(self.tokens, self.types))
                if k in (CONTROL, USER) and not t.startswith("[PAD")]


def spm_merges(v):
    """As transformers' converter makes them from SentencePiece's scores."""
    index = {t: i for i, (t, k) in enumerate(zip(v.tokens, v.types)) if k == NORMAL}
    merges = []
    for t, i in index.items():
        local = [(t[:k], t[k:], v.scores[i]) for k in range(1, len(t))
                 if t[:k] in index and t[k:] in index]
        merges += sorted(local, key=lambda x: (index[x[0]], index[x[1]]))
    merges.sort(key=lambda x: (x[2], len(x[0]), len(x[1])), reverse=True)
    return [(a, b) for a, b, _ in merges]


def hugging_face(v, special, split=True):
    """The tokenizer of a vocabulary: with its added tokens or without; without `split`, of words."""
    vocab = {t: i for i, t in enumerate(v.tokens)}
    if v.spm:
        t = tokenizers.Tokenizer(models.BPE(vocab, spm_merges(v), byte_fallback=True, fuse_unk=True,
                                            unk_token="<unk>"))
        t.normalizer = normalizers.Sequence([normalizers.Prepend("▁"),
                                             normalizers.Replace(" ", "▁")])
        t.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(),
                                       decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    else:
        t = tokenizers.Tokenizer(models.BPE(vocab, v.merges,
                                            ignore_merges=v.family == "llama-bpe"))
        byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        regex = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
        number = {"qwen2": r"\p{N}", "llama-bpe": r"\p{N}{1,3}"}.get(v.family)
        if not split:
            pass
        elif number:
            cut = pre_tokenizers.Split(Regex(MODERN % number), "isolated", invert=False)
            t.pre_tokenizer = pre_tokenizers.Sequence([cut, byte_level])
        elif v.family == "smollm":
            digits = pre_tokenizers.Digits(individual_digits=True)
            t.pre_tokenizer = pre_tokenizers.Sequence([digits, regex])
        else:
            t.pre_tokenizer = regex
        if v.family == "qwen2" and split:
            t.normalizer = normalizers.NFC()
        t.decoder = decoders.ByteLevel()
    if special:
        keep = ("<unk>", "<s>", "<|endoftext|>")
        t.add_special_tokens([tokenizers.AddedToken(s, rstrip=v.spm and s not in keep,
                                                    normalized=False)
                              for _, s in v.added()])
    return t


class Oracle:
    def __init__(self, v):
        self.v = v
        self.plain, self.special = hugging_face(v, False), hugging_face(v, True)
        self.words = None if v.spm else hugging_face(v, False, split=False)
        self.byte = {int(t[3:5], 16): i for i, (t, k) in enumerate(zip(v.tokens, v.types))
                     if k == BYTE}

    def encode(self, raw, special):
        """Bytes that are no UTF-8 are a word of their own, or bytes: our rule, by their merges."""
        try:
            return (self.special if special else self.plain).encode(
                raw.decode(), add_special_tokens=False).ids
        except UnicodeDecodeError:
            pass
        assert not special
        return self.broken(raw)

    def broken(self, raw):
        out, first = [], True
        if self.v.spm:
            return self.broken_spm(raw)
        for valid, part in runs(raw):
            if valid:
                out += self.plain.encode(part.decode(), add_special_tokens=False).ids
            else:
                out += self.words.encode("".join(LETTER[b] for b in part),
                                         add_special_tokens=False).ids
        return out

    def broken_spm(self, raw):
        """A private-use character stands for each bad byte while merging; none is in the pieces."""
        text, bad = "", []
        for valid, part in runs(raw):
            text += part.decode() if valid else "\U000f0000" * len(part)
            bad += [] if valid else list(part)
        stand_in = [self.byte[b] for b in "\U000f0000".encode()]
        ids, out, i = self.plain.encode(text, add_special_tokens=False).ids, [], 0
        while i < len(ids):
            if ids[i:i + 4] == stand_in:
                out.append(self.byte[bad.pop(0)])
                i += 4
            else:
                out.append(ids[i])
                i += 1
        return out


def runs(raw):
    """(True, UTF-8) and (False, other bytes), in order."""
    out, at = [], 0
    while at < len(raw):
        for n in (1, 2, 3, 4):
            try:
                raw[at:at + n].decode()
                ok = at + n <= len(raw)
                break
            except UnicodeDecodeError:
                ok = False
        n = n if ok else 1
        if out and out[-1][0] == ok:
            out[-1] = (ok, out[-1][1] + raw[at:at + n])
        else:
            out.append((ok, raw[at:at + n]))
        at += n
    return out


TEXTS = [
    "", " ", "  ", "   ", "\n", "\n\n", "\t", "\r\n", " \n", "\n ", " \n \n  x", "a", "Hello, world!",
    "Hello world", " Hello world", "  Hello  world  ", "Hello\n\nworld\n", "trailing spaces   ",
    "tabs\t\tand spaces \t x", "a \u00a0b", "ideographic\u3000space", "\u2003em space",
    "x\u180ey", "line\u2028sep", "nel\u0085x", "zero\u200bwidth",
    "I'm you're he's she'll we've they'd don't", "I'M YOU'RE HE'S DON'T IT'S", "'s't 'S 'T 'RE",
    "o'clock 'tis ''''", "\u2019s \u2019t it\u2019s", "'\u017f long s",
    "0", "12", "123", "1234", "1234567890", "3.14159", "1,000,000.50", "a1b22c333d4444", " 1 22 333",
    "x  7", "a\n5", "\u0663\u0664\u0665 \u0967\u0968 \u2460\u00bd\u2167", "2024-01-31T12:34:56Z",
    "The quick brown fox jumps over the lazy dog.", "antidisestablishmentarianism",
    "supercalifragilisticexpialidocious pneumonoultramicroscopicsilicovolcanoconiosis",
    "ALLCAPS MixedCase camelCase snake_case kebab-case", "e-mail: a.b+c@example.org",
    "https://example.org/path?q=1&r=%20#frag", "for (int i = 0; i < n; i++) {\n    x[i] += 2;\n}\n",
    "def f(x):\n\treturn {k: v for k, v in x.items()}  # comment\n",
    "#include <stdio.h>\n\nint main(void)\n{\n    printf(\"%d\\n\", 42);\n}\n",
    "{\"a\": [1, 2.5, null, true], \"b\": \"\\u00e9\"}", "<html><body class=\"x\">&nbsp;</body></html>",
    "!!!???...", "!@#$%^&*()_+-=[]{}|;':\",./<>?`~", "=====-----=====", "a" * 40, "ab" * 30, " " * 33,
    "\n" * 9, "- item\n  - sub\n    - subsub\n",
    "caf\u00e9 na\u00efve \u00fcber stra\u00dfe", "cafe\u0301 na\u00efve u\u0308ber",
    "\u1112\u1161\u11ab \ud55c\uad6d\uc5b4", "a\u0301\u0302\u0303\u0304", "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35",
    "\u4f60\u597d\uff0c\u4e16\u754c\uff01", "\u6211\u7231\u5317\u4eac\u5929\u5b89\u95e8",
    "\u3053\u3093\u306b\u3061\u306f\u4e16\u754c\u3001\u30c6\u30b9\u30c8", "\uc548\ub155\ud558\uc138\uc694",
    "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440", "\u0395\u03bb\u03bb\u03ac\u03b4\u03b1",
    "\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645", "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd",
    "\u202eright to left\u202c", "\u0928\u092e\u0938\u094d\u0924\u0947 \u0926\u0941\u0928\u093f\u092f\u093e",
    "\u1019\u103c\u1014\u103a\u1019\u102c", "\u10d2\u10d0\u10db\u10d0\u10e0\u10ef\u10dd\u10d1\u10d0",
    "\U0001f600", "\U0001f600\U0001f603 \U0001f44d\U0001f3fd", "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
    "\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7", "\u2764\ufe0f text\u2764", "\U00020000\U0002a6d6", "\U0001d54f\U0001d56b",
    "\u2581 is SentencePiece's space \u2581\u2581", "\ufeffBOM", "\ufffd", "\x00", "a\x00b", "\x01\x02\x04\x1b[0m\x7f",
    "\u212a \u017f \u0130 \u0131", "\ufb01 \ufb06", "\u01c5 \u02b0 \u2160", "x\u0300y", "\u00b2\u00b3\u00b9",
    "<|endoftext|>", "<|im_start|>user\nHi<|im_end|>\n", "<s>a</s>", "<|user|>\n hi <|end|>\n<|assistant|>\n",
    "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nhi<|eot_id|>", "<|im_start|", "<|im_start|>>",
    "<<|im_end|>", "a<|endoftext|>b", "a <|end|>  b", "<|end|><|end|>", "<|end|> <|end|> x", "<unk> x",
    "<|endoftext|> x", "<0x41>", "<repo_name>x<file_sep>", "[PAD151646]",
]
BROKEN = [b"\xff", b"\x80", b"a\xffb", b"caf\xc3", b"\xc3\xa9\xc3", b"\xe4\xbd", b"\xf0\x9f\x98", b"\xc0\xaf",
          b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"ok \xfe\xff ok", b"\xe4\xbd\xa0\xe4\xbd", b" \x80 \x80",
          b"\x00\xff\x00", b"\xf5\xf6\xf7 x", b"'s\xc3'", b"12\xff34"]


# ---- reduced vocabularies: the first merges, and what the texts need

def derive(parents, token, need, merges):
    stack = [token]
    while stack:
        t = stack.pop()
        if t in need:
            continue
        need.add(t)
        if t in parents:
            merges.add(parents[t])
            stack += list(parents[t])


def reduce_bpe(v, first, oracle, texts):
    parents = {}
    for m in v.merges:
        parents.setdefault(m[0] + m[1], m)
    need, merges = set(LETTER.values()) & set(v.tokens), set()
    for m in v.merges[:first]:
        derive(parents, m[0] + m[1], need, merges)
    for text in texts:
        for i in oracle.encode(text.encode(), False):
            derive(parents, v.tokens[i], need, merges)
    # Every merge among the pieces that are left, so that there are several ways to some.
    v.merges = [m for m in v.merges if {m[0], m[1], m[0] + m[1]} <= need]
    return need


def reduce_spm(v, first, oracle, texts):
    chars = {t for t, k in zip(v.tokens, v.types) if k == NORMAL and len(t) == 1}
    normal = [t for t, k in zip(v.tokens, v.types) if k == NORMAL]
    used = {v.tokens[i] for text in texts for i in oracle.encode(text.encode(), False)}
    need, stack = set(), normal[:first] + [t for t in used if t in set(normal)]
    have = set(normal)
    while stack:
        t = stack.pop()
        if t in need:
            continue
        need.add(t)
        stack += [p for k in range(1, len(t)) if t[:k] in have and t[k:] in have
                  for p in (t[:k], t[k:])]
    return need | {c for c in chars if ord(c) < 0x250}


def reduced(v, first, oracle, texts):
    need = (reduce_spm if v.spm else reduce_bpe)(v, first, oracle, texts)
    keep = [i for i, (t, k) in enumerate(zip(v.tokens, v.types))
            if (k == NORMAL and t in need) or k in (BYTE, CONTROL, USER)
            or (k == UNKNOWN and t == "<unk>")]
    pads = 0
    for i in list(keep):  # two of hundreds are enough
        if v.tokens[i].startswith("[PAD") or "reserved_special" in v.tokens[i]:
            pads += 1
            if pads > 2:
                keep.remove(i)
    new = {old: i for i, old in enumerate(keep)}
    v.bos, v.eos = new.get(v.bos), new.get(v.eos)
    v.tokens, v.types = [v.tokens[i] for i in keep], [v.types[i] for i in keep]
    v.scores = [v.scores[i] for i in keep] if v.scores else None


def write_gguf(v, path):
    w = gguf.GGUFWriter(path, "none")
    w.add_tokenizer_model("llama" if v.spm else "gpt2")
    w.add_tokenizer_pre("default" if v.spm else v.family)
    w.add_token_list([t.encode() for t in v.tokens])
    w.add_token_types(v.types)
    if v.spm:
        w.add_token_scores(v.scores)
        w.add_unk_token_id(0)
    else:
        w.add_token_merges([" ".join(m) for m in v.merges])
    if v.template:
        w.add_chat_template(v.template)
    w.add_bos_token_id(v.bos)
    w.add_eos_token_id(v.eos)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def decoded(oracle, ids):
    return oracle.special.decode(ids, skip_special_tokens=False).encode().hex()


def write(to, paths):
    out = {"made_by": "tools/golden-tokens.py, tokenizers " + tokenizers.__version__,
           "texts": [t.encode().hex() for t in TEXTS] + [b.hex() for b in BROKEN], "families": {}}
    for path in paths:
        v = Vocabulary(path)
        reduced(v, 300, Oracle(v), TEXTS)
        oracle = Oracle(v)
        rows = []
        for raw in [t.encode() for t in TEXTS] + BROKEN:
            try:
                nfc = unicodedata.normalize("NFC", raw.decode()).encode() == raw
            except UnicodeDecodeError:
                nfc = True
            row = {"plain": oracle.encode(raw, False)}
            if raw not in BROKEN:
                special = oracle.encode(raw, True)
                if special != row["plain"]:
                    row["special"] = special
                if v.spm:
                    row["decoded"] = decoded(oracle, special)
            if v.family == "qwen2" and not nfc:
                row["nfc"] = unicodedata.normalize("NFC", raw.decode()).encode().hex()
            rows.append(row)
        out["families"][v.family] = rows
        write_gguf(v, os.path.join(to, v.family + ".gguf"))
        oracle.special.save(os.path.join(to, v.family + ".json"), pretty=False)
        print(v.family, len(v.tokens), "tokens", len(v.merges), "merges", len(rows), "texts")
        if v.family == "smollm":  # and one that fits the tiny models of `headroom model synth`
            reduced(v, 40, oracle, [])
            write_gguf(v, os.path.join(to, "tiny.gguf"))
    with open(os.path.join(to, "golden.json"), "w") as f:
        json.dump(out, f, separators=(",", ":"), sort_keys=True)
        f.write("\n")


# ---- the full vocabularies

def pools():
    """Characters by what they try, each assigned in Unicode 14: what is newer may be a letter for
    one library and not for another."""
    groups = {"ascii": [chr(c) for c in range(32, 127)], "space": list(" \n\t\r\u00a0\u3000\u2003\x0b\x0c\u0085\u2028"),
              "digit": list("0123456789"), "quote": list("'\u2019\"strveml dSTRVEMLD"),
              "latin": [chr(c) for c in range(0xa1, 0x250)], "mark": [chr(c) for c in range(0x300, 0x370)],
              "control": [chr(c) for c in range(32)]}
    spans = {"greek": (0x370, 0x530), "rtl": (0x590, 0x780), "indic": (0x900, 0xe80),
             "punct": (0x2000, 0x2c00), "kana": (0x3040, 0x3100), "cjk": (0x4e00, 0x9fa6),
             "hangul": (0xac00, 0xd7a4), "emoji": (0x1f300, 0x1f700), "bmp": (0xa0, 0xd800),
             "astral": (0x10000, 0x20000)}
    for name, (lo, hi) in spans.items():
        groups[name] = [chr(c) for c in range(lo, hi)
                        if unicodedata.ucd_3_2_0.category(chr(c)) != "Cn" or unicodedata.category(chr(c)) != "Cn"]
    return groups


def random_text(rng, groups, names, added, tokens):
    parts = []
    for _ in range(rng.randint(1, 12)):
        kind = rng.random()
        if kind < 0.08:
            parts.append(rng.choice(added))
        elif kind < 0.4:
            parts.append(rng.choice(tokens))
        else:
            group = groups[rng.choice(names)]
            parts.append("".join(rng.choice(group) for _ in range(rng.randint(1, 8))))
    return "".join(parts)


def piece_texts(v):
    """What the pieces say, where that is text: real words meet the merges more often."""
    byte_of = {c: b for b, c in LETTER.items()}
    out = []
    for t, k in zip(v.tokens, v.types):
        if k != NORMAL:
            continue
        if v.spm:
            out.append(t.replace("▁", " "))
            continue
        try:
            out.append(bytes(byte_of[c] for c in t).decode())
        except (UnicodeDecodeError, KeyError):
            pass
    return out


def ours(program, vocabulary, items):
    """The ids of each (flags, text) by our program."""
    p = subprocess.Popen([program, vocabulary], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def feed():
        for flags, raw in items:
            p.stdin.write(struct.pack("<II", flags, len(raw)) + raw)
        p.stdin.close()
    threading.Thread(target=feed, daemon=True).start()
    for _ in items:
        n, = struct.unpack("<I", p.stdout.read(4))
        yield list(struct.unpack("<%di" % n, p.stdout.read(4 * n)))
    if p.wait():
        raise SystemExit("%s failed" % program)


def check(what, program, vocabulary, oracle, items):
    bad = 0
    for (flags, raw), got in zip(items, ours(program, vocabulary, items)):
        want = oracle.encode(raw, flags != 0)
        if got != want:
            bad += 1
            if bad <= 5:
                print("  DIFFERS", flags, repr(raw)[:200], "\n    ours", got[:50], "\n    want",
                      want[:50])
    print("  %s: %d texts, %d differ" % (what, len(items), bad), flush=True)
    return bad


class SentencePiece:
    """The library of that name, over the same pieces: no merges of anybody's making."""

    def __init__(self, v):
        import sentencepiece
        from sentencepiece import sentencepiece_model_pb2 as pb
        m = pb.ModelProto()
        for i, (t, k) in enumerate(zip(v.tokens, v.types)):
            kind = {NORMAL: 1, BYTE: 6}.get(k, 3) if t != "<unk>" else 2
            m.pieces.add(piece=t if kind != 3 else "<|%d|>" % i, score=v.scores[i], type=kind)
        m.trainer_spec.model_type = pb.TrainerSpec.BPE
        m.trainer_spec.byte_fallback = True
        m.trainer_spec.vocab_size = len(v.tokens)
        m.normalizer_spec.name = "identity"
        m.normalizer_spec.add_dummy_prefix = True
        m.normalizer_spec.remove_extra_whitespaces = False
        self.model = sentencepiece.SentencePieceProcessor(model_proto=m.SerializeToString())

    def encode(self, raw, special):
        return self.model.encode(raw.decode())


def vectors(path):
    with open(path + ".inp", encoding="utf-8", newline="") as f:
        texts = f.read().split("\n__ggml_vocab_test__\n")
    with open(path + ".out") as f:
        lines = f.read().split("\n")
    return [(t.encode(), [int(x) for x in line.split()]) for t, line in zip(texts, lines)]


def compare(program, n, paths):
    groups, bad = pools(), 0
    names = sorted(groups)
    for path in paths:
        v = Vocabulary(path)
        print(os.path.basename(path), v.family, flush=True)
        oracle, rng = Oracle(v), random.Random(1)
        added, tokens = [t for _, t in v.added()], piece_texts(v)
        if os.path.exists(path + ".inp"):
            pairs = vectors(path)
            got = ours(program, path, [(0, t) for t, _ in pairs])
            wrong = [(t, g, w) for (t, w), g in zip(pairs, got) if g != w]
            for t, g, w in wrong[:5]:
                print("  DIFFERS", t, "\n    ours", g, "\n    want", w)
            print("  llama.cpp's vectors: %d texts, %d differ" % (len(pairs), len(wrong)))
            bad += len(wrong)
        texts = TEXTS + [random_text(rng, groups, names, added, tokens) for _ in range(n)]
        if v.family == "qwen2":  # which composes first, as we do not
            texts = [unicodedata.normalize("NFC", t) for t in texts]
        items = [(2 * (i % 2), t.encode()) for i, t in enumerate(texts)]
        items += [(2 - 2 * (i % 2), t.encode()) for i, t in enumerate(TEXTS)
                  if unicodedata.normalize("NFC", t) == t]
        bad += check("random texts", program, path, oracle, items)
        long = ["".join(texts[i * n // 20:(i + 1) * n // 20]) for i in range(20)]
        if v.family == "qwen2":
            long = [unicodedata.normalize("NFC", t) for t in long]
        long = [(2 * (i % 2), t.encode()) for i, t in enumerate(long)]
        bad += check("texts of %d kB" % (sum(len(t) for _, t in long) // 20000), program, path,
                     oracle, long)
        if v.spm:  # which takes NUL for the end of a text, and its own letter for a space otherwise
            plain = [(0, t) for _, t in items if b"\0" not in t and "\u2581".encode() not in t]
            bad += check("sentencepiece", program, path, SentencePiece(v), plain)
        broken = [(0, b) for b in BROKEN]
        for t in texts[len(TEXTS):len(TEXTS) + n // 10]:
            raw = bytearray(t.encode())
            for _ in range(rng.randint(1, 4)):
                raw[rng.randrange(len(raw))] = rng.randrange(256)
            broken.append((0, bytes(raw)))
        broken = [(f, b) for f, b in broken if v.family != "qwen2" or all(
            unicodedata.normalize("NFC", p.decode()).encode() == p for ok, p in runs(b) if ok)]
        bad += check("texts with broken bytes", program, path, oracle, broken)
        if not v.spm:
            with tempfile.TemporaryDirectory() as away:
                saved = os.path.join(away, "tokenizer.json")
                oracle.special.save(saved)
                bad += check("the same from tokenizer.json", program, saved, oracle, items)
    return bad


if __name__ == "__main__":
    if len(sys.argv) > 3 and sys.argv[1] == "write":
        write(sys.argv[2], sys.argv[3:])
    elif len(sys.argv) > 4 and sys.argv[1] == "compare":
        sys.exit(1 if compare(sys.argv[2], int(sys.argv[3]), sys.argv[4:]) else 0)
    else:
        sys.exit(__doc__)
