"""Writes the byte cases of tests/wire as C, for sockets.c: `cases.py tests/wire >wire_cases.h`."""
import json
import pathlib
import sys

STATUS = {"complete": "HB_OK", "truncated": "HB_E_TRUNCATED", "bad_response": "HB_E_BAD_RESPONSE"}


def constant(name):
    """BadRequest is HB_E_BAD_REQUEST."""
    return "HB_E_" + "".join("_" + c if c.isupper() else c.upper() for c in name).lstrip("_")


def literal(value):
    """Octal escapes end after three digits, whatever follows."""
    if isinstance(value, str):
        value = value.encode()
    return '"' + "".join(chr(b) if b < 128 and chr(b).isalnum() else f"\\{b:03o}" for b in value) + '"'


def text(value):
    """A text that is absent is not compared."""
    return "{NULL, 0}" if value is None else f"{{{literal(value)}, {len(value.encode())}}}"


def texts(values):
    return "{" + ", ".join(map(text, values)) + "}" if values else "{{NULL, 0}}"


def case(folder, name, want):
    body = (folder / name).read_bytes()
    calls = want.get("tool_calls")
    choices = want.get("choices") or {}
    models = [row["id"] for row in (want.get("json") or {}).get("data", [])]
    kinds = {"completion": "COMPLETION", "raw": "MODELS"}
    status = constant(want["status"]) if "status" in want else STATUS.get(want["outcome"], "HB_OK")
    return {
        "name": literal(name),
        "body": f"{{{literal(body)}, {len(body)}}}",
        "content_type": literal(want["content_type"]) if "content_type" in want else "NULL",
        "http_status": want.get("http_status", 200),
        "kind": kinds.get(want.get("kind"), "CHAT"),
        "expect_choices": want.get("expect_choices", 1),
        "strict": int(want.get("strict", False)),
        # An error of the server whose status the case leaves open.
        "any_error": int(want["outcome"] == "server_error" and "status" not in want),
        "status": status,
        "text": text(want.get("text")),
        "reasoning": text(want.get("reasoning")),
        "finish_reason": text(want.get("finish_reason")),
        "tool_calls": -1 if calls is None else len(calls),
        "call": texts([call[key] for call in calls or [] for key in ("id", "name", "arguments")]),
        "choices": len(choices) if "choices" in want else -1,
        "choice": texts([choices[str(number)] for number in range(len(choices))]),
        "has_usage": int("usage" in want),
        "usage": "{" + ", ".join("-1" if n is None else str(n) for n in want.get("usage", [0, 0, 0])) + "}",
        "message": text(want.get("error_message")),
        "code": text(want.get("error_code")),
        "type": text(want.get("error_type")),
        "param": text(want.get("error_param")),
        "retryable": int(want["retryable"]) if "retryable" in want else -1,
        "tolerated": len(want["tolerated"]) if "tolerated" in want else -1,
        "oddity": texts(want.get("tolerated")),
        "models": len(models),
        "model": texts(models),
    }


folder = pathlib.Path(sys.argv[1])
print("static const struct wire_case cases[] = {")
for name, want in json.loads((folder / "expected.json").read_text()).items():
    fields = case(folder, name, want)
    print("    {" + ", ".join(f".{field} = {value}" for field, value in fields.items()) + "},")
print("};")
