#!/usr/bin/env python3
"""Makes a C program that gives every function NULL in each pointer position in turn, and holds it to rule E5.

    python3 tests/abi/null_test.py include/hyperbolic.h >null.c

All other arguments are valid, so each function is first called with valid ones only: a check that passed because
something else was wrong would prove nothing. Exit code 1, with its name, for what this script cannot judge: a new type
or function must be judged by a person first. The program needs HB_TEST_URL, HB_TEST_KEY and HB_TEST_CA.
"""

import pathlib
import re
import sys

sys.dont_write_bytecode = True
from header import Unreadable, functions  # noqa: E402

# Where NULL is a value like any other, of a type or in a function, and why. Everywhere else it is refused.
OPTIONAL = {
    ("hb_error **", "error"): "the status says enough for many callers",
    ("size_t *", "len"): "most texts hold no NUL, so that their end shows",
    ("void *", "context"): "is handed through; the library does not look at it",
    ("hb_response **", "response"): "a callback has had every piece already",
    ("hb_op *", "op"): "who never cancels needs no number; events bring it",
    ("uint32_t *", "handled"): "who counts the events in the callback knows it",
    ("uint32_t *", "dropped"): "who does not keep indexes of messages needs none",
    ("hb_wakeup_fn", "wakeup"): "is none",
    ("hb_request_estimate", "client"): "the built-in catalogue has prices too",
    ("int64_t *", "prompt_tokens"): "is one of two answers",
    ("int64_t *", "cost_nanousd"): "is the other",
    ("const char *", "detail"): "the server decides how closely to look",
}

# Out-parameters: how one is declared, and how what it got is given back.
OUT = {
    "hb_client **": ("hb_client *", "hb_client_free({0})"),
    "hb_queue **": ("hb_queue *", "hb_queue_free({0})"),
    "hb_response **": ("hb_response *", "hb_response_free({0})"),
    "hb_model_list **": ("hb_model_list *", "hb_model_list_free({0})"),
    "const hb_event **": ("const hb_event *", "hb_event_free({0})"),
    "hb_error **": ("hb_error *", "hb_error_free({0})"),
    "hb_text **": ("hb_text *", "hb_text_free({0})"),
    "hb_conversation **": ("hb_conversation *", "hb_conversation_free({0})"),
    "hb_usage **": ("hb_usage *", "hb_usage_free({0})"),
    "hb_op *": ("hb_op ", "hb_cancel({0})"),
    "int64_t *": ("int64_t ", "(void){0}"),
    "size_t *": ("size_t ", "(void){0}"),
    "uint32_t *": ("uint32_t ", "(void){0}"),
}

# Objects: how a valid one is declared, what makes it, and what frees it.
OBJECTS = {
    "hb_options": ("hb_options *", "make_options()", "hb_options_free({0})"),
    "hb_client": ("hb_client *", "make_client()", "hb_client_free({0})"),
    "hb_request": ("hb_request *", "make_chat()", "hb_request_free({0})"),
    "hb_queue": ("hb_queue *", "make_queue()", "hb_queue_free({0})"),
    "hb_response": ("hb_response *", "make_response()", "hb_response_free({0})"),
    "hb_error": ("hb_error *", "make_error()", "hb_error_free({0})"),
    "hb_model_list": ("const hb_model_list *", "hb_catalog()", "(void){0}"),
    "hb_usage": ("hb_usage *", "make_usage()", "hb_usage_free({0})"),
    "hb_log": ("hb_log *", "make_log()", "hb_log_free({0})"),
    "hb_text": ("hb_text *", "make_text()", "hb_text_free({0})"),
    "hb_conversation": ("hb_conversation *", "make_conversation()", "hb_conversation_free({0})"),
}

# Valid values, by type and, for texts, by name. A function that needs another one has it in SPECIAL.
VALUES = {
    "const char *": {"key": 'setting("HB_TEST_KEY")', "url": '"http://127.0.0.1:1"', "name": '"x-test"', "value": '"1"',
                     "pem": "certificate()", "role": '"user"', "text": '"words"', "model": "MODEL", "json": '"1"',
                     "hosts": '"a.b"', "detail": '"low"', "choice": '"auto"', "description": '"Adds."', "schema": '"{}"',
                     "path": '"recording.jsonl"', "id": '"call"'},
    "int32_t": {None: "1", "timeout_ms": "30000"},
    "uint32_t": {"index": "0", "choice": "0", "ms": "30000", "limit": "HB_LIMIT_LINE", "level": "HB_LOG_TRACE",
                 "retries": "1", "requests": "60", "tier": "HB_TIER_BASIC", "timing": "HB_REPLAY_AT_ONCE",
                 "count": "HB_COUNT_REQUESTS", "max_events": "1", "budget_us": "0", "flags": "0",
                 "call": "0", "place": "0"},
    "int64_t": {None: "1"},
    "uint64_t": {None: "7"},
    "double": {None: "0.5"},
    "const int64_t *": {None: "TOKENS"},
    "const void *": {"data": r'"\x89PNG\r\n\x1a\n"'},
    "hb_event_fn": {None: "go_on"},
    "hb_wakeup_fn": {None: "wake_up"},
    "void *": {None: "&check_count"},
}
SPECIAL = {
    ("hb_request_set_json", "key"): '"user"',
    ("hb_request_from_json", "json"): r'"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"',
    ("hb_queue_next", "queue"): "make_queue_with_event()",
    ("hb_queue_dispatch", "queue"): "make_queue_with_event()",
    ("hb_request_set_json_schema", "name"): '"answer"',
    ("hb_json_close", "json"): '"[1"',
    ("hb_conversation_set_metadata", "key"): '"speaker"',
    ("hb_conversation_metadata", "key"): '"speaker"',
    ("hb_conversation_truncate", "count"): "1",
    ("hb_conversation_trim", "max_tokens"): "100",
    ("hb_conversation_load", "json"): r'"{\"hyperbolic_conversation\":1}"',
    ("hb_conversation_add_tool_result", "conversation"): "make_conversation_with_call()",
    ("hb_complete", "request"): "make_completion()",
    ("hb_complete_stream", "request"): "make_completion()",
    ("hb_request_set_prompt", "request"): "make_completion()",
    ("hb_request_add_prompt", "request"): "make_completion()",
    ("hb_request_set_prompt_tokens", "request"): "make_completion()",
}

PRELUDE = pathlib.Path(__file__).with_suffix(".h")

# What an out-parameter that is a number gets where there is no result.
NOTHING = {"hb_op *": "0", "uint32_t *": "0", "int64_t *": "-1"}

# The neutral values that a getter of a type can have.
NEUTRAL = {"const char *": ('""',), "hb_status": ("HB_OK",), "uint32_t": ("0",), "int32_t": ("0", "-1"),
           "int64_t": ("0", "-1"), "double": ("-1",), "intptr_t": ("-1",), "hb_op": ("0",)}

# A bad value is remembered by an object of these types, and these calls report it.
STICKY = {"hb_options *": "reported_by_client_new", "hb_request *": "reported_by_check"}

POSTLUDE = r"""
int main(void) {
    static const int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGALRM};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) signal(signals[i], on_signal);
    setvbuf(stdout, NULL, _IOLBF, 0);
    alarm(120);
%s
    return failed_count == 0 ? 0 : 1;
}
"""


def is_text(function, parameter):
    """A pointer with a length behind it. Other texts are identifiers: NUL-terminated."""
    following = function.parameter_after(parameter)
    return following is not None and following.type == "size_t"


def object_of(parameter):
    name = parameter.type.removeprefix("const ").removesuffix(" *")
    return OBJECTS.get(name)


def is_optional(function, parameter):
    return any((of, parameter.name) in OPTIONAL for of in (parameter.type, function.name))


def valid_value(function, parameter):
    if (function.name, parameter.name) in SPECIAL:
        return SPECIAL[function.name, parameter.name]
    by_name = VALUES.get(parameter.type, {})
    value = by_name.get(parameter.name, by_name.get(None))
    if value is None:
        raise Unreadable(f"{function.name}: no valid value is known for `{parameter.type} {parameter.name}`")
    return value


class Call:
    """One call in C: declarations, arguments, what out-parameters must hold, and what is freed."""

    def __init__(self, function, nulls, length=None):
        self.function, self.declared, self.arguments, self.freed, self.outs = function, [], [], [], []
        previous = None
        for parameter in function.parameters:
            self.arguments.append(self.argument(parameter, parameter.name in nulls, previous, length))
            previous = parameter

    def argument(self, parameter, is_null, previous, length):
        name, kind = parameter.name, parameter.type
        if kind == "size_t":
            if previous is None or not previous.is_pointer():
                raise Unreadable(f"{self.function.name}: `size_t {name}` is no length")
            counted = previous.type == "const int64_t *"
            return length or ("sizeof TOKENS / sizeof TOKENS[0]" if counted else "HB_NUL")
        if is_null:
            return "NULL"
        if kind in OUT:
            base, free = OUT[kind]
            preset = f"({base})(void *)&garbage" if base.endswith("*") else "77"
            self.declared.append(f"{base}{name} = {preset};")
            self.outs.append(parameter)
            self.freed.append(free.format(name) + ";")
            return "&" + name
        if object_of(parameter):
            declared, make, free = object_of(parameter)
            make = SPECIAL.get((self.function.name, name), make)
            self.declared.append(f"{declared}{name} = {make};")
            self.freed.append(free.format(name) + ";")
            return name
        return valid_value(self.function, parameter)

    def expression(self):
        return f"{self.function.name}({', '.join(self.arguments)})"

    def written(self, succeeded):
        """Out-parameters are written on every path: with the result, or with nothing."""
        for out in self.outs:
            if out.name == "error" or out.type == "size_t *":
                continue
            is_number, nothing = out.type in NOTHING, NOTHING.get(out.type, "NULL")
            if succeeded:
                untouched = "77" if is_number else "(const void *)&garbage"
                yield f'expect({out.name} != {nothing} && {out.name} != {untouched}, "*{out.name} got nothing");'
            else:
                yield f'expect({out.name} == {nothing}, "*{out.name} is not {nothing}");'
                yield f"{out.name} = {nothing};"

    def block(self, name, checks):
        lines = [f'begin("{name}");', *self.declared, *checks, *self.freed, "end();"]
        return ["    {"] + ["        " + line for line in lines] + ["    }"]


def status_checks(function):
    has_error = any(parameter.name == "error" for parameter in function.parameters)
    call = Call(function, set())
    succeeded = [f"hb_status status = {call.expression()};", 'expect(status == HB_OK, hb_status_name(status));']
    if has_error:
        succeeded.append('expect(error == NULL, "*error is not NULL");')
    yield call.block(f"{function.name}: valid", succeeded + list(call.written(True)))

    for parameter in filter(lambda parameter: parameter.is_pointer(), function.parameters):
        if is_optional(function, parameter):
            call = Call(function, {parameter.name})
            checks = [f"hb_status status = {call.expression()};", 'expect(status == HB_OK, hb_status_name(status));']
            yield call.block(f"{function.name}: {parameter.name} is NULL, which is allowed",
                             checks + list(call.written(True)))
            continue
        for length in ("HB_NUL", "1") if is_text(function, parameter) else (None,):
            for silent in (False, True) if has_error else (False,):
                yield refused(function, parameter, length, silent, has_error)
        if is_text(function, parameter) and parameter.type == "const char *":
            yield empty_text(function, parameter)


def refused(function, parameter, length, silent, has_error):
    """NULL is refused, whether or not the caller wants to know why."""
    call = Call(function, {parameter.name} | ({"error"} if silent else set()), length)
    checks = [f"hb_status status = {call.expression()};",
              "expect(status == HB_E_INVALID_ARGUMENT, hb_status_name(status));"]
    if has_error and not silent:
        checks.append(f'expect_error(error, "{parameter.name}");')
    first = function.parameters[0]
    if first is not parameter and first.type in STICKY:
        checks.append(f'expect({STICKY[first.type]}({first.name}), "the object does not remember it");')
    name = f"{function.name}: {parameter.name} is NULL"
    name += f" with length {length}" if length else ""
    name += " and so is error" if silent else ""
    return call.block(name, checks + list(call.written(False)))


def empty_text(function, parameter):
    """NULL with length 0 is the empty text, so it gets the answer that the empty text gets."""
    null, empty = Call(function, {parameter.name}, "0"), Call(function, {parameter.name}, "0")
    position = function.parameters.index(parameter)
    empty.arguments[position] = '""'
    checks = [f"hb_status status = {null.expression()};"]
    checks += [f"{OUT[out.type][1].format(out.name)};" for out in null.outs]
    checks.append(f'expect({empty.expression()} == status, "is not taken as the empty text");')
    return null.block(f"{function.name}: {parameter.name} is NULL with length 0", checks)


def getter_checks(function):
    stated = re.search(r'(""|-1|0|HB_OK) for NULL', function.comment)
    if not stated or stated[1] not in NEUTRAL.get(function.result, ()):
        raise Unreadable(f"{function.name}: its comment states no neutral value that its type can have")
    is_string = function.result == "const char *"
    same = 'strcmp(value, "") == 0' if is_string else f"value == {stated[1]}"
    take = f"{function.result}{'' if is_string else ' '}value = "
    subject, pointers = function.parameters[0], [p for p in function.parameters if p.is_pointer()]
    lengths = [parameter for parameter in pointers[1:] if is_optional(function, parameter) and parameter.type == "size_t *"]
    names = [parameter for parameter in pointers[1:] if parameter.type == "const char *"]
    if len(pointers) != 1 + len(lengths) + len(names) or not object_of(subject):
        raise Unreadable(f"{function.name}: a getter with parameters that are not known")
    unset = ['expect(value != NULL, "answers NULL");', "if (value == NULL) value = \"?\";"] if is_string else []

    nulls = [{subject.name}] + [{subject.name, also.name} for also in lengths] + [{name.name} for name in names]
    for null in nulls:
        call = Call(function, null)
        checks = [take + call.expression() + ";", *unset, f'expect({same}, "is not its neutral value");']
        checks += [f'expect({out.name} == 0, "*{out.name} is not 0");' for out in call.outs]
        yield call.block(f"{function.name}: {' and '.join(sorted(null))} NULL", checks)
    for parameter in lengths:
        with_length, without = Call(function, set()), Call(function, {parameter.name})
        checks = [take + with_length.expression() + ";", *unset,
                  f'expect({parameter.name} == strlen(value), "*{parameter.name} is not the length");',
                  f'expect(strcmp(value, {without.expression()}) == 0, "answers another text");']
        yield with_length.block(f"{function.name}: {parameter.name} is NULL, which is allowed", checks)


def free_checks(function):
    call = Call(function, {function.parameters[0].name})
    yield call.block(f"{function.name}: NULL", [call.expression() + ";"])


def copy_checks(function):
    call = Call(function, {function.parameters[0].name})
    yield call.block(f"{function.name}: NULL", [f'expect({call.expression()} == NULL, "answers something");'])


def constructor_checks(function):
    """A constructor answers an object all the same, and the object remembers."""
    text = function.parameters[0]
    free = OBJECTS[function.result.removesuffix(" *")][-1].format("made")
    for arguments, length, bad in ((set(), None, "!"), ({text.name}, "HB_NUL", ""), ({text.name}, "1", "")):
        call = Call(function, arguments, length)
        checks = [f"{function.result}made = {call.expression()};", 'expect(made != NULL, "answers NULL");']
        if bad == "":
            checks.append("hb_error *error = (hb_error *)(void *)&garbage;")
            checks.append("expect(hb_request_check(made, &error) == HB_E_INVALID_ARGUMENT, \"does not remember it\");")
            checks.append(f'expect_error(error, "{text.name}");')
            checks.append("hb_error_free(error);")
        name = f"{function.name}: " + (f"{text.name} is NULL with length {length}" if length else "valid")
        yield call.block(name, checks + [free + ";"])


def judge(function):
    """The checks of one function, by what kind of function it is."""
    pointers = [parameter for parameter in function.parameters if parameter.is_pointer()]
    if not pointers:
        return []
    first, result = function.parameters[0], function.result
    reads = object_of(first) is not None and (first.type.startswith("const ") or result == "intptr_t")
    if result == "void" and len(function.parameters) == 1 and function.name.endswith(("_free", "_close", "_wake")):
        return free_checks(function)
    if reads and re.search(r'(""|-?\d|HB_OK) for NULL', function.comment) and result != "void":
        return getter_checks(function)
    if result == "hb_status":
        return status_checks(function)
    if object_of(first) and len(function.parameters) == 1 and "NULL for NULL" in function.comment:
        return copy_checks(function)
    if result == "hb_request *" and first.type == "const char *" and pointers == [first]:
        return constructor_checks(function)
    raise Unreadable(f"{function.name}: no rule says what it does with NULL")


def program(header_text, prelude):
    parts, calls = [prelude], []
    for function in functions(header_text):
        blocks = list(judge(function))
        if blocks:
            body = "\n".join(line for block in blocks for line in block)
            parts.append(f"\nstatic void test_{function.name}(void) {{\n{body}\n}}\n")
            calls.append(f"    test_{function.name}();")
    return "".join(parts) + POSTLUDE % "\n".join(calls)


def main(arguments):
    if len(arguments) != 2:
        print("usage: null_test.py HEADER >PROGRAM.c", file=sys.stderr)
        return 2
    try:
        with open(arguments[1], encoding="utf-8") as header:
            print(program(header.read(), PRELUDE.read_text(encoding="utf-8")), end="")
    except (OSError, Unreadable) as problem:
        print(f"null_test.py: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
