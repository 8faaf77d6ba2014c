"""Writes the few forms of TOML that a configuration needs."""


def scalar(value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(scalar(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f'"{key}" = {scalar(item)}' for key, item in value.items()) + " }"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def dump(sections: dict) -> str:
    """A dict becomes a [section], a list of dicts becomes [[sections]]."""
    lines = []
    for name, content in sections.items():
        for entry in content if isinstance(content, list) else [content]:
            lines.append(f"[[{name}]]" if isinstance(content, list) else f"[{name}]")
            lines += [f"{key} = {scalar(value)}" for key, value in entry.items()]
            lines.append("")
    return "\n".join(lines)
