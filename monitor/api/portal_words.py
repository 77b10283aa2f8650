"""The words of the public page on which people report, in English and Chinese."""

from dataclasses import dataclass
from typing import Literal

Language = Literal["en", "zh"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Every text of the page; what is in braces is put in."""

    lang: str
    other: str
    title: str
    lead: str
    likeness: str
    likeness_lead: str
    stream: str
    stream_lead: str
    where: str
    where_hint: str
    text_likeness: str
    text_stream: str
    pictures: str
    pictures_hint: str
    standing: str
    standing_hint: str
    send: str
    privacy: str
    trouble: str
    back: str
    status_title: str
    status_keep: str
    filed: str
    due: str
    waits: str
    answered: str
    unknown: str
    too_large: str
    too_often: str
    missing_text: str
    missing_standing: str
    missing_pictures: str
    too_many: str
    elsewhere: str
    busy: str


EN = Words(
    lang="en",
    other="中文",
    title="Report a virtual-human stream",
    lead="A person reads every report. A report alone never takes a stream off air.",
    likeness="My likeness was taken",
    likeness_lead="A virtual human on air looks like you, or like a character that is yours to speak for.",
    stream="I saw something on a stream",
    stream_lead="For instance: nobody seems to drive the virtual human, or it repeats itself.",
    where="Where you saw it (optional)",
    where_hint="The address or the name of the stream, and when.",
    text_likeness="What happened",
    text_stream="What you saw",
    pictures="Reference pictures",
    pictures_hint="One to four JPEG, PNG or WebP files that show the face from the front, {size} MB together at most. "
    "They are compared with what is registered and on air, and are not kept.",
    standing="Why it is yours to speak for",
    standing_hint="For instance: it is your face, you drew it, you represent whoever it is. Write no numbers of "
    "identity papers.",
    send="Send the report",
    privacy="We do not keep who you are. After sending you get a secret link; with it alone can you read the answer.",
    trouble="This was not sent",
    back="Back to the form",
    status_title="Your report",
    status_keep="Keep the address of this page: it is the only way to read the answer, and whoever has it can.",
    filed="Filed",
    due="To be answered by",
    waits="A person has not answered yet.",
    answered="The answer",
    unknown="There is no report at this address. Check that the link is whole.",
    too_large="This is too large: {size} MB together are taken at most. Send fewer or smaller pictures.",
    too_often="Too many reports came from your network. Wait some minutes, then send it again.",
    missing_text="Say what happened, in at most 4000 characters.",
    missing_standing="Say why it is yours to speak for, in at most 4000 characters.",
    missing_pictures="Add a reference picture.",
    too_many="Add four pictures at most.",
    elsewhere="This did not come from our own page. Load the page anew and send it from there.",
    busy="The report cannot be taken right now. Try again in a moment.",
)
ZH = Words(
    lang="zh-Hans",
    other="English",
    title="举报虚拟人直播",
    lead="每份举报都由人工审阅。仅凭举报不会使任何直播下线。",
    likeness="我的形象被盗用",
    likeness_lead="直播中的虚拟人与您本人，或与您有权代表的角色相似。",
    stream="我在直播中看到了问题",
    stream_lead="例如：虚拟人似乎无人驾驶，或者内容不断重复。",
    where="在哪里看到（选填）",
    where_hint="直播的地址或名称，以及时间。",
    text_likeness="发生了什么",
    text_stream="您看到了什么",
    pictures="参考图片",
    pictures_hint="一至四个 JPEG、PNG 或 WebP 文件，正面展示面部，合计不超过 {size} MB。"
    "图片将与已登记的形象及直播画面比对，不会保留。",
    standing="您为何有权主张",
    standing_hint="例如：这是您本人的面容、由您绘制，或您代表权利人。请勿填写任何证件号码。",
    send="提交举报",
    privacy="我们不保留您的身份。提交后您会得到一个保密链接，只有凭它才能查看答复。",
    trouble="未能提交",
    back="返回表单",
    status_title="您的举报",
    status_keep="请保存本页地址：这是查看答复的唯一途径，持有地址的人都能查看。",
    filed="提交时间",
    due="最迟答复时间",
    waits="尚未有人答复。",
    answered="答复",
    unknown="此地址没有举报。请检查链接是否完整。",
    too_large="内容过大：合计最多接受 {size} MB。请减少图片数量或缩小图片。",
    too_often="来自您网络的举报过多。请等待几分钟后再提交。",
    missing_text="请说明发生了什么，不超过 4000 字。",
    missing_standing="请说明您为何有权主张，不超过 4000 字。",
    missing_pictures="请添加参考图片。",
    too_many="最多添加四张图片。",
    elsewhere="该请求并非来自本站页面。请重新加载页面后再提交。",
    busy="暂时无法受理举报，请稍后再试。",
)


def words(wanted: str, accepted: str) -> Words:
    """Those of the language that is asked for (``en``, ``zh``), or else that the browser prefers."""
    if wanted in ("en", "zh"):
        return ZH if wanted == "zh" else EN
    return ZH if accepted.strip().lower().startswith("zh") else EN
