"""`report/`: the run as pages a person can read; static, self-contained, no network.

`index.html` has the figures, hosts, templates, failures and a table of documents;
`documents/NNNNN.html` shows one document: blocks in colour, chrome struck through, the
reason beside each block, evidence marked in the text.
"""

from __future__ import annotations

from quality.write.html.site import HtmlReport

__all__ = ["HtmlReport"]
