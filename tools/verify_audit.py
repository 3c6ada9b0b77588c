#!/usr/bin/env python3
"""Verifies an audit log of Tachograph, from docs/formats/audit.md alone. Needs Python 3.9 and ed25519.py beside it.

    verify_audit.py [--key KEY] [--witness FILE]... LOG     LOG is the directory with `checkpoint` in it
    verify_audit.py --each                                  reads lines `LOG<TAB>FILE...`, says a verdict for each

KEY is the first key of the log (`tacho audit key show`), FILE a checkpoint that somebody else holds.
Exits 0 if the log is intact, 3 if it was tampered with, 4 if something is missing, 2 if it was not told what to do.
"""
import argparse
import base64
import hashlib
import json
import os
import re
import sys

from ed25519 import is_signed


def root(row):
    while len(row) > 1:
        row = [hashlib.sha256(b"\1" + a + b).digest() for a, b in zip(row[::2], row[1::2])] + row[len(row) & ~1:]
    return row[0] if row else hashlib.sha256(b"").digest()


def unbase64(text):
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("is no canonical Base 64")
    return data


def number(text):
    if not re.fullmatch("0|[1-9][0-9]*", text):
        raise ValueError("has no number where one must be")
    return int(text)


def key_of(text):
    name, key_id, material = text.split("+", 2)
    data = unbase64(material)
    right = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
    if len(data) != 33 or data[0] != 1 or key_id != right.hex():
        raise ValueError("has no key where one must be")
    return name, right, data[1:]


def lines_of(note, *keys):
    """The lines of a note that one of the keys has signed."""
    text, gap, tail = note.rpartition("\n\n")
    signatures = [line.split(" ") for line in tail[:-1].split("\n")]
    if not gap or not tail.endswith("\n") or re.search("[\0-\x09\x0b-\x1f]", note) or \
            any(len(line) != 3 or line[0] != "\u2014" or not line[1] or "+" in line[1] for line in signatures):
        raise ValueError("is no signed note")
    by = [[unbase64(line[2])[4:] for line in signatures if (line[1], unbase64(line[2])[:4]) == key[:2]] for key in keys]
    if not any(ones and all(is_signed(key[2], (text + "\n").encode(), one) for one in ones) for key, ones in zip(keys, by)):
        raise ValueError("is not signed by the key of the log")
    return text.split("\n")


class Log:
    def __init__(self, path):
        self.path, self.keys, self.expected, self.findings = path, [], [], []

    def read(self, name):
        with open(os.path.join(self.path, name), "rb") as file:
            return file.read()

    def numbers(self, name):
        found = os.listdir(os.path.join(self.path, name)) if os.path.isdir(os.path.join(self.path, name)) else []
        return sorted(int(one) for one in found if re.fullmatch("0|[1-9][0-9]*", one))

    def find(self, what, doing, *arguments):
        """What it comes to; that it cannot be done is a finding about `what`."""
        try:
            return doing(*arguments)
        except OSError as error:
            self.findings.append(("incomplete", f"{what} cannot be read: {error.strerror}"))
        except (ValueError, IndexError, KeyError, TypeError, RecursionError) as error:
            self.findings.append(("tampered", f"{what} {error}"))

    def add_key(self, name):
        text = self.read(name).decode()
        key = key_of(text.split("\n")[4])
        title, origin, size, top, _ = lines_of(text, key)
        if self.keys:
            lines_of(text, self.keys[-1][1])
            right = number(size) >= self.keys[-1][0]
        else:
            self.origin = "tachograph/audit/" + hashlib.sha256(key[2]).hexdigest()[:32]
            right = (size, unbase64(top)) == ("0", root([]))
        if title != "tachograph-audit/key@1" or not origin == key[0] == self.origin or not right:
            raise ValueError("does not fit the log")
        self.keys.append((number(size), key))
        self.expected.append((number(size), unbase64(top), name))

    def add_checkpoint(self, name, what):
        text = self.read(name).decode()
        size = number(text.split("\n")[1])
        origin, _, top = lines_of(text, ([key for after, key in self.keys if after < size] or [self.keys[0][1]])[-1])
        if origin != self.origin:
            raise ValueError("is of another log")
        self.expected.append((size, unbase64(top), what))
        return size

    def add_pruned(self):
        text = self.read("pruned").decode()
        size = number(text.split("\n")[3])
        fit = [key for (after, key), (end, _) in zip(self.keys, [*self.keys[1:], (size, None)]) if after <= size <= end]
        title, origin, minimum, _, top = lines_of(text, *fit)
        if (title, origin) != ("tachograph-audit/pruned@1", self.origin) or number(minimum) > size:
            raise ValueError("does not fit the log")
        self.expected.append((size, unbase64(top), "pruned"))
        return number(minimum)

    def items(self, shelf, n, count, given_up=False):
        """What a tile or bundle holds, the last of `count` hashes or entries or before it; as much as is there of one given up."""
        groups = [f"x{n // 1000 ** place % 1000:03}" for place in range(6, 0, -1) if n >= 1000 ** place] + [f"{n % 1000:03}"]
        name, width = f"tile/{shelf}/{'/'.join(groups)}", min(256, count - n * 256)
        is_there = not given_up or os.path.exists(os.path.join(self.path, name))
        widths = [part for part in self.numbers(f"{name}.p") if part < width] + [width] * is_there
        parts = [(part, split(shelf, self.read(name if part == 256 else f"{name}.p/{part}"))) for part in widths]
        if any(len(part) != length or part != parts[-1][1][:length] for length, part in parts):
            raise ValueError("does not hold what it must")
        return parts[-1][1] if parts else []

    def check_entry(self, index, entry):
        said = json.loads(entry)
        if said["seq"] != index or said["log"] != self.origin[-32:]:
            raise ValueError("is not the entry of its place")

    def leaves(self, n, size, minimum):
        hashes = self.find(f"tile {n} of level 0", self.items, "0", n, size)
        given_up = n * 256 + 256 <= minimum
        entries = self.find(f"bundle {n}", self.items, "entries", n, size, given_up)
        for index, entry in enumerate(entries or [], n * 256):
            self.find(f"entry {index}", self.check_entry, index, entry)
            if hashes and hashlib.sha256(b"\0" + entry).digest() != hashes[index % 256]:
                self.findings.append(("tampered", f"entry {index} does not have the hash that its tile holds"))
        return [hashlib.sha256(b"\0" + entry).digest() for entry in entries] if entries and not given_up else hashes or []

    def verify(self, witnesses, first_key=None):
        for place in range(max(1, len(self.numbers("key")))):
            self.find(f"key/{place}", self.add_key, f"key/{place}")
        if self.keys and first_key and first_key != self.keys[0][1]:
            self.findings.append(("tampered", "key/0 is not the key that is known"))
        size = None if self.findings else self.find("checkpoint", self.add_checkpoint, "checkpoint", "checkpoint")
        if size is None:
            return
        minimum = os.path.exists(os.path.join(self.path, "pruned")) and self.find("pruned", self.add_pruned) or 0
        for name in [f"past/{past}" for past in self.numbers("past")] + [os.path.abspath(path) for path in witnesses]:
            self.find(name, self.add_checkpoint, name, name)
        bundles = [self.leaves(n, size, minimum) for n in range(-(-size // 256))]
        if not all(bundles):
            return  # Without what is missing no root can be told.
        leaves = [leaf for bundle in bundles for leaf in bundle]
        row, level, tops = leaves, 0, None
        while len(row) >= 256 or level == 0:
            row, level = [root(row[at:at + 256]) for at in range(0, len(row) - 255, 256)], level + 1
            tops = row if tops is None else tops
            for n in range(-(-len(row) // 256)):
                held = self.find(f"tile {n} of level {level}", self.items, level, n, len(row))
                if held not in (None, row[n * 256:n * 256 + 256]):
                    self.findings.append(("tampered", f"tile {n} of level {level} does not fit what is below it"))
        for at, top, name in self.expected:
            rest = leaves[at & ~255:at]
            if at > len(leaves) or root(tops[:at // 256] + ([root(rest)] if rest else [])) != top:
                self.findings.append(("tampered", f"{name} says another root at {at} of {size} entries"))


def split(shelf, data):
    if shelf != "entries":
        return [data[at:at + 32] for at in range(0, len(data), 32)] if len(data) % 32 == 0 else []
    entries, at = [], 0
    while at + 2 <= len(data):
        end = at + 2 + int.from_bytes(data[at:at + 2], "big")
        entries, at = entries + [data[at + 2:end]], end
    return entries if at == len(data) else []


def verdict(log):
    return max((grade for grade, _ in log.findings), default="intact")


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--key", type=lambda text: key_of(text.strip()))
parser.add_argument("--witness", action="append", default=[])
parser.add_argument("--each", action="store_true")
parser.add_argument("log", nargs="?")
told = parser.parse_args()
if told.each == bool(told.log):
    parser.error("name one log, or say --each")
for line in sys.stdin if told.each else ["\t".join([told.log, *told.witness])]:
    path, *files = line.rstrip("\n").split("\t")
    log = Log(path)
    log.verify(files, told.key)
    findings = [] if told.each else [f"{grade}: {what}" for grade, what in log.findings]
    print(*findings, verdict(log), sep="\n", flush=True)
sys.exit({"intact": 0, "tampered": 3, "incomplete": 4}[verdict(log)] if not told.each else 0)
