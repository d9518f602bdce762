#!/usr/bin/env python3
"""Verifies an export of prod-access' audit trail, as docs/audit-format.md describes it.

    verify-audit.py export.jsonl [--key BASE64]... [--head SEQ:HASH]...

Python's standard library only; signatures are checked by the openssl command (1.1.1 or later) where there is one.
Exit code: 0 nothing wrong, 1 something is wrong (each flaw is a line), 2 it could not be told.
"""
import argparse, base64, hashlib, json, pathlib, re, shutil, subprocess, sys, tempfile

GENESIS = "0" * 64
ED25519_DER = bytes.fromhex("302a300506032b6570032100")  # stands before the 32 bytes of a public key
FIELDS = {"chain": "[a-z0-9]{4,64}", "at": "", "action": "", "prev": "[0-9a-f]{64}", "hash": "[0-9a-f]{64}"}

def hash_of(entry):
    """Over `prev` and the RFC 8785 form of the rest: for ASCII keys, safe integers and sound text it is this simple."""
    body = {key: value for key, value in entry.items() if key != "hash"}
    text = entry["prev"] + json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()

def is_portable(value):
    """Whether every JSON reader understands the same by it."""
    if isinstance(value, dict):
        return all(re.fullmatch("[ -~]+", key) and is_portable(value[key]) for key in value)
    if isinstance(value, (list, str)):
        return all(map(is_portable, value)) if isinstance(value, list) else not re.search("[\ud800-\udfff]", value)
    return value is None or isinstance(value, int) and abs(value) < 2**53

def is_entry(entry):
    texts = [(entry, key, pattern) for key, pattern in FIELDS.items()]
    texts += [(entry["actor"], "kind", "person|bot|system"), (entry["actor"], "id", ""), (entry["actor"], "name", "")]
    texts += [(entry, key, "") for key in ("access", "target") if key in entry]
    return (all(re.fullmatch(pattern or "(?s:.*)", where[key]) for where, key, pattern in texts)
            and isinstance(entry["details"], dict) and type(entry["seq"]) is int and entry["seq"] >= 1
            and is_portable(entry))

def read(line):
    """One line of the file: its entry, or None where it holds none, and the signature beside it, or None."""
    whole = lambda text: int(float(text)) if float(text).is_integer() else float(text)
    try:
        row = json.loads(line.decode("utf-8"), parse_float=whole, parse_constant=lambda _: 1 / 0)
        return (row["entry"] if is_entry(row["entry"]) else None), row.get("sig")
    except (ArithmeticError, KeyError, RecursionError, TypeError, ValueError):
        return None, None

def is_signed(text, sig, keys):  # Ed25519, over the 64 ASCII bytes of the hash
    def openssl(key, folder):
        files = {"key": ED25519_DER + base64.b64decode(key), "in": text.encode("ascii"),
                 "sig": base64.b64decode(sig + "===")}
        for name, content in files.items():
            pathlib.Path(folder, name).write_bytes(content)
        command = "openssl pkeyutl -verify -pubin -keyform DER -inkey key -rawin -in in -sigfile sig"
        return subprocess.run(command.split(), cwd=folder, capture_output=True).returncode == 0
    with tempfile.TemporaryDirectory() as folder:
        return any(openssl(key, folder) for key in keys)

def verify(lines, keys, witnessed):
    flaws, heads, unsigned, seen = [], {}, {}, {}
    for place, line in enumerate(lines, 2):
        entry, sig = read(line)
        if entry is None:
            flaws.append(f"line {place} is not an entry")
            continue
        chain, seq, digest = entry["chain"], entry["seq"], entry["hash"]
        name = f"entry #{seq} of chain {chain}"
        last, last_hash = heads.get(chain, (0, GENESIS))
        whole = hash_of(entry) == digest
        if not whole:
            flaws.append(f"{name} was edited: its content does not give its hash")
        if (chain, seq) in seen:
            what = "stands twice" if seen[chain, seq] == digest else "exists with two different hashes"
            flaws.append(f"{name} {what}")
        elif seq > last + 1:
            absent = f"#{last + 1}" if seq == last + 2 else f"#{last + 1} to #{seq - 1}"
            flaws.append(f"{absent} of chain {chain} missing before #{seq}")
        elif seq <= last:
            flaws.append(f"{name} stands after #{last}")
        elif entry["prev"] != last_hash:
            flaws.append(f"{name} does not follow #{last}: its prev is another entry's hash")
        seen[chain, seq] = digest
        if seq >= last:
            heads[chain] = (seq, digest)
        if not isinstance(sig, str):
            unsigned.setdefault(chain, seq)
        elif keys is not None and not is_signed(digest, sig, keys):
            flaws.append(f"{name} carries a signature by none of the pinned keys")
        else:
            unsigned.pop(chain, None)
            next_key = entry["details"].get("next_key")
            if keys is not None and whole and entry["action"] == "bot.started" and isinstance(next_key, str):
                keys.append(next_key)  # the old key vouches for the new one
    flaws += [f"nothing signed from entry #{seq} of chain {chain} on" for chain, seq in unsigned.items()]
    for seq, digest in witnessed:
        if not any((seq, digest) == (each, held) for (_, each), held in seen.items()):
            flaws.append(f"the witnessed entry #{seq} ({digest[:8]}) is not in the trail")
    return flaws, heads

def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("export")
    options.add_argument("--key", action="append", default=[], help="a public key that you trust, base64")
    options.add_argument("--head", action="append", default=[], help="SEQ:HASH of an entry that must be there")
    given = options.parse_args()
    header, *lines = pathlib.Path(given.export).read_bytes().rstrip(b"\n").split(b"\n")
    keys = (given.key or list(json.loads(header)["keys"])) if shutil.which("openssl") else None
    flaws, heads = verify(lines, keys, [(int(head.split(":")[0]), head.split(":")[1]) for head in given.head])
    if keys is None:
        print("note: openssl was not found: the hashes were checked, the signatures were not")
    elif not given.key:
        print("note: the keys are the file's own word: pin them with --key")
    ends = "; ".join(f"chain {chain} up to #{seq}" for chain, (seq, _) in heads.items())
    print(*flaws, f"{'WRONG' if flaws else 'ok'}: {len(lines)} lines; {ends or 'no entry'}", sep="\n")
    return 1 if flaws else 0

if __name__ == "__main__":
    try:
        sys.exit(main())
    except (IndexError, OSError, KeyError, TypeError, ValueError) as error:
        sys.exit(print(f"cannot verify: {error!r}", file=sys.stderr) or 2)
