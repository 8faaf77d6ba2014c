"""Text and our own Markdown as roff for man(7): headings, paragraphs, lists, tables, code."""

import re
from collections.abc import Iterator


def escape(text: str) -> str:
    """Text that roff shows as it is."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text)


def inline(text: str) -> str:
    """A line of Markdown: code and stress become bold, links their text."""
    text = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text)
    parts = re.split(r"(``.+?``|`[^`]+`|\*\*.+?\*\*)", text)
    result = ""
    for part in parts:
        if part.startswith("`"):
            result += f"\\fB{escape(part.strip('`').strip())}\\fR"
        elif part.startswith("**"):
            result += f"\\fB{inline(part[2:-2])}\\fR"
        else:
            result += part.replace("\\|", "|").replace("\\", "\\e")
    return re.sub(r"^([.'])", r"\\&\1", result)


def page(name: str, section: int, version: str, abstract: str, body: list[str]) -> str:
    """A whole page. The name is what the manual is asked for."""
    head = [
        f'.TH "{name.upper()}" "{section}" "" "Sluice {version}" "Sluice"',
        ".nh",
        ".ad l",
        ".SH NAME",
        f"{escape(name)} \\- {inline(abstract)}",
    ]
    return "\n".join(head + body) + "\n"


def tagged(tag: str, text: str) -> list[str]:
    """A term and what it means."""
    return [".TP", f"\\fB{tag}\\fR", inline(text)]


def code(lines: list[str]) -> list[str]:
    """Lines that are shown as they are."""
    return [".PP", ".RS 4", ".nf", *(escape(line) or " " for line in lines), ".fi", ".RE"]


def markdown(text: str, level: int = 2) -> list[str]:
    """Our own documents. Headings of up to `level` become sections, those below subsections."""
    result: list[str] = []
    for block in _blocks(text.splitlines()):
        first = block[0]
        if first.startswith("```"):
            result += code(block[1:])
        elif first.startswith("#"):
            depth = len(first) - len(first.lstrip("#"))
            heading = inline(first.lstrip("# "))
            result.append(f'.SH "{heading.upper()}"' if depth <= level else f'.SS "{heading}"')
        elif first.startswith("|"):
            result += table(block)
        elif match := ITEM.match(first):
            bullet = "\\(bu" if match[1] == "- " else match[1].strip()
            text = " ".join([match[2], *(line.strip() for line in block[1:])])
            result += [f".IP {bullet} 4", inline(text)]
        else:
            result += [".PP", inline(" ".join(line.strip() for line in block))]
    return result


# The first line of a list's item.
ITEM = re.compile(r"(- |\d+\. )(.*)")


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    """The lines of each heading, paragraph, item, table and piece of code, without its end."""
    block: list[str] = []
    for line in [*lines, ""]:
        if block and block[0].startswith("```"):
            if line.startswith("```"):
                yield block
                block = []
            else:
                block.append(line)
            continue
        is_begin = (
            not line.strip()
            or line.startswith(("#", "```"))
            or ITEM.match(line)
            or (bool(block) and line.startswith("|") != block[0].startswith("|"))
        )
        if is_begin and block:
            yield block
            block = []
        if line.strip():
            block.append(line)


def cells(row: str) -> list[str]:
    """The cells of a table's row."""
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", row.strip().strip("|"))]


def table(rows: list[str]) -> list[str]:
    """A table as a list of terms: the first column is the term, the others say what it is."""
    heads = cells(rows[0])
    result: list[str] = []
    for row in rows[2:]:
        first, *rest = cells(row)
        named = [
            cell if index == len(rest) - 1 or not head else f"{head}: {cell}."
            for index, (head, cell) in enumerate(zip(heads[1:], rest))
            if cell
        ]
        result.extend([".TP", inline(first) or "\\ ", inline(" ".join(named)) or "\\ "])
    return result
