"""The public page as HTML: texts of people are escaped wherever they stand."""

from datetime import datetime
from html import escape

from monitor.api.envelope import PORTAL_BYTES
from monitor.api.portal_words import Words
from registry.report import Report

_SIZE = PORTAL_BYTES >> 20
_PAGE = """<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title} · Nakanohito</title>
<link rel="stylesheet" href="/report/page.css">
</head>
<body>
<header><p class="brand">Nakanohito <span lang="ja">中の人</span></p>
<nav><a href="?lang={other_lang}" lang="{other_lang}" hreflang="{other_lang}">{other}</a></nav></header>
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""


def form(w: Words) -> str:
    """Both forms, one below the other."""
    language = _short(w)
    hint = w.pictures_hint.format(size=_SIZE)
    return _page(
        w,
        w.title,
        f"""<p class="lead">{_e(w.lead)}</p>
<section aria-labelledby="likeness">
<h2 id="likeness">{_e(w.likeness)}</h2>
<p>{_e(w.likeness_lead)}</p>
<form method="post" action="/report/likeness?lang={language}" enctype="multipart/form-data">
<label for="pictures">{_e(w.pictures)}</label>
<p class="hint" id="pictures-hint">{_e(hint)}</p>
<input id="pictures" name="pictures" type="file" accept="image/jpeg,image/png,image/webp" multiple required
 aria-describedby="pictures-hint">
{_area("likeness-text", "text", w.text_likeness)}
{_area("standing", "standing", w.standing, w.standing_hint)}
{_where("likeness", w)}
<p class="hint">{_e(w.privacy)}</p>
<button type="submit">{_e(w.send)}</button>
</form>
</section>
<section aria-labelledby="stream">
<h2 id="stream">{_e(w.stream)}</h2>
<p>{_e(w.stream_lead)}</p>
<form method="post" action="/report/stream?lang={language}">
{_area("stream-text", "text", w.text_stream)}
{_where("stream", w)}
<p class="hint">{_e(w.privacy)}</p>
<button type="submit">{_e(w.send)}</button>
</form>
</section>""",
    )


def refusal(w: Words, because: str) -> str:
    """Why nothing was filed, and the way back."""
    link = f'<p><a href="/report?lang={_short(w)}">{_e(w.back)}</a></p>'
    return _page(w, w.trouble, f'<p class="trouble" role="alert">{_e(because)}</p>\n{link}')


def status(w: Words, report: Report) -> str:
    """How a report stands; nothing of what was found alike."""
    if report.answer is None:
        answer = f"<p>{_e(w.waits)}</p>"
    else:
        answer = f'<h2>{_e(w.answered)}</h2>\n<p class="answer">{_e(report.answer)}</p>'
    return _page(
        w,
        w.status_title,
        f"""<p class="keep" role="status">{_e(w.status_keep)}</p>
<dl>
<dt>{_e(w.filed)}</dt><dd>{_moment(report.at)}</dd>
<dt>{_e(w.due)}</dt><dd>{_moment(report.due_at)}</dd>
</dl>
{answer}""",
    )


def _page(w: Words, title: str, body: str) -> str:
    other = "en" if w.lang.startswith("zh") else "zh"
    return _PAGE.format(lang=w.lang, title=_e(title), other=_e(w.other), other_lang=other, body=body)


def _area(identifier: str, name: str, label: str, hint: str = "") -> str:
    told = f'<p class="hint" id="{identifier}-hint">{_e(hint)}</p>\n' if hint else ""
    described = f' aria-describedby="{identifier}-hint"' if hint else ""
    return (
        f'<label for="{identifier}">{_e(label)}</label>\n{told}'
        f'<textarea id="{identifier}" name="{name}" rows="5" maxlength="4000" required{described}></textarea>'
    )


def _where(of: str, w: Words) -> str:
    return (
        f'<label for="{of}-where">{_e(w.where)}</label>\n<p class="hint" id="{of}-where-hint">{_e(w.where_hint)}</p>\n'
        f'<input id="{of}-where" name="where" type="text" maxlength="300" aria-describedby="{of}-where-hint">'
    )


def _moment(at: datetime) -> str:
    return f'<time datetime="{at.isoformat()}">{at:%Y-%m-%d %H:%M} UTC</time>'


def _short(w: Words) -> str:
    return "zh" if w.lang.startswith("zh") else "en"


def _e(text: str) -> str:
    return escape(text, quote=True)
