"""What MkDocs calls while it builds the site: adds derived pages, and turns links to files into links to pages.

A document links to files of the repository, so that its links also lead somewhere where the repository is read; on the
site, such a link leads to the page that shows what is in the file.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File
from pages import derived, home

LINK = re.compile(r"(!?\[[^\]]*\])\(([^)#\s]+)(#[^)\s]*)?\)")


def on_config(config):
    """The derived pages' places in the navigation."""
    config.nav = [*config.nav, *derived.NAVIGATION]
    return config


def on_files(files, config):
    """The documents outside docs/, and all that is derived from code and configuration."""
    root = Path(config.config_file_path).parent
    for source, page in home.DOCUMENTS.items():
        files.append(File.generated(config, page, content=(root / source).read_text()))
    for page, text in derived.pages().items():
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown, page, config, files):
    """Links to files of the repository, as links to pages."""
    source = home.source(page.file.src_uri)
    if source is None:
        return markdown
    here = posixpath.dirname(page.file.src_uri) or "."

    def rewrite(match):
        label, target, anchor = match[1], match[2], match[3] or ""
        if "://" in target or target.startswith("mailto:"):
            return match[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        place = home.place(path)
        if place is None:
            raise PluginError(f"{source}: no page shows {path}; docs/pages/home.py says which file is shown where")
        uri, _, fixed = place.partition("#")
        return f"{label}({posixpath.relpath(uri, here)}{f'#{fixed}' if fixed else anchor})"

    return LINK.sub(rewrite, markdown)
