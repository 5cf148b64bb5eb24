"""Full names of private people, found by the word that leads to them (联系人, 我叫, 患者 …) or the number beside them.

A name is a surname and one or two characters. Behind a label with its own end (姓名：…，) any characters will do; in running text
(村民…家的低保) they must be such as names are made of, and no everyday word may begin so (常年, 高中, 方便). Whoever is named with
an office (刘建国局长) acts in public and stays.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

Span = tuple[int, int, str]
NAME = "姓名"

# The commonest surnames (national name report of the Ministry of Public Security, first 150 and some more) and compound ones.
_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石"
    "廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟"
    "殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷曲盛冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳阎时"
    "穆农司卓古吉缪简车项连芦麦褚娄翁佘晏匡瞿粟谌仇桂费卜傅萧巫闻党宫查"
)
_COMPOUND = ("欧阳", "上官", "司马", "诸葛", "皇甫", "东方", "尉迟", "公孙", "令狐", "慕容", "司徒", "夏侯")
# What given names are made of.
_GIVEN = frozenset(
    "伟芳娜敏静丽强磊军洋勇艳杰涛明超霞平刚桂英秀兰玉华建国志海燕晓小红文斌鹏宇浩波辉玲莉慧颖佳欣怡子涵梓然轩一诺思远雨桐春花冬梅"
    "凤淑珍德永立新卫东爱民长生正光荣大世少水金满香友良伏秋运来喜云再兴家乐安可心若曦俊帆倩婷莹亮峰琴萍飞龙凯旭旺林宏洪健康宁锋鑫"
    "雄雷雪雯霖震青靖颜顺颂风馨骏高鸿鹤麒麟黎齐龄宗定宜宝宣宾富寒寅寿尧岩岚岳峻崇嵩川州巧帅师平年庆康延开弘彤彦彩彬影彪微徽怀恒恩"
    "悦惠意慕懿成战才扬承振捷政敬斯方旋昊昌昕星映晋晓晔晖晗晨景晴智月朋朝木本材松柏柔柯栋树根格楚楠榕樱武毅民江沁沛沐法泉泓泽洁津"
    "津流浦淇深清渊温湘源溪滢滨漫潇澄澜灵灿炎炜炳烁烨焕煜熙爽玥玫环现珂珊珠琛琦琪琰琳琼瑜瑞瑶瑾璇璐璟甜田男留登白益盈盛睿石磊祖"
    "祥禄福科程稳竹笑筠简素红纯纲维绍经继绪维缘罗美羽翔翠耀聪胜能腾自致舒航舟良艺芝芬芸苑苗茂茜茵茹荷莎莲菁菊菲萌萱葵蓉蓓蓝蔓蕊蕾"
    "薇虎虹蝶衡裕诗诚语谊谦贝贤贵资越跃路轲载达逸道邦郁都里野钢钦钧铁铃铭银锐锦镇镜长阳陆雁非韬韵音项领飘驰骄高魁鲁鸣鹃全兵典冠凡"
    "凌凝利力功加劲勤化北千升南博占卓厚双发叶吉启周命和哲唐善喜嘉园圆圣坚坤城培基堂增声复夏多天太奇奎好如妍妙妮姗姣娇娟娣娥娴媛嫣学"
    "守孝孟季宇安存伊仁仕仙代令以仪任会传伦伯佑佩依俐保信倚健元先兆克党公六兰义丹主久乔书五亚京人仲保群梦满汉泰尚尔山岭帮弟伍友茗芮"
    "桃柳杏梨椿榆槐琮珏璋钰锡鉴铮镔熠燊焱垚淼森晶犇骁骥骞驹驿麦禾苏芙蓁蔚萧葛谷佟佐佚俏侠俭倪偲允"
)
# Words that begin like a name: frequent ones of the general dictionary, surname first and a character of given names behind.
_WORDS = frozenset(
    """
    文化 管理 武汉 方法 农业 成立 关于 农民 农村 左右 时代 成功 严重 安全 古代 方向 万元 尤其 文学 文章 曾经 毕业 蒙古 成长 高兴 武昌 江南 高中
    严格 尚书 符合 成本 游行 夏天 方便 韩国 高原 关心 黄河 房子 黄金 华北 罗马 向前 成都 江湖 路上 纪念 江西 司法 司令 简直 马上 唐代 任命 石头
    高于 施行 高大 文献 单纯 古城 苏州 庞大 周年 高温 万一 沈阳 方言 白天 龙头 连连 江北 成人 向来 方才 文书 温和 金银 安定 古人 武力 欧元 华中
    江山 尚有 盛行 高山 万年 万家 时尚 林业 解开 易于 管道 单一 连同 严密 高尚 何时 向上 时常 尤为 房县 文人 房里 高举 郑州 车上 万里 时光 单元
    司长 连声 华东 徐州 房门 石化 管家 兰州 郑重 车子 金星 成化 马路 江中 文官 甘心 时时 华南 任用 武官 黄连 农田 关中 盛大 盛开 庄重 江河 关头
    林中 安心 高高 高新 宁波 房基 路过 关上 文科 关门 连长 周长 安宁 何人 单人 路子 莫大 农家 余年 成年 马头 童年 温州 时任 马力 白人 庄家 施加
    方可 连年 马里 谷子 时日 江东 吉利 农用 农行 高贵 文中 毕生 文本 高铁 成群 何用 周日 古时 连日 阳性 连任 成名 何以 周一 周二 周三 周四 周五
    周六 简明 车长 安庆 温馨 陈年 常年 任意 任何 安排 关注 解决 向贵 于今 经常 常常 华润 金地 万科 江苏 江阴 石林 安徽 房产 房东 房主 车主 车位
    业主 黄山 金山 关山 白云 白石 高层 高考 高三 高二 高一 高达 成千 万千 车辆 阳光 施工 和平 和谐 公司 包括 包工 应该 全体 全家 计划 曾在 路人
    车库 武警 连夜 钱财 温泉 田地 田间 林地 林场 石油 水利 安置 阳台 申请 代表 都会 单位 路灯 叶子 龙卷 毛病 顾客 牛奶 方面 石材 许可 解释 任务
    任职 任期 包含 成员 成果 曾多 连接 连带 解除 管控 时间 于是 方案 常用 全部 应当 孙子 孙女 安静 宁静 方圆 费用 查明 查看 查询 查处 闻法 单独
    单方 包装 包办 党员 党委 申报 申诉 宫颈 巫师 符号
    """.split()  # noqa: SIM905
)
# 本人于昨日, 本人向贵局, 本人和家人: surnames that are everyday words without a colon before them.
_EVERYDAY = frozenset(
    "于向和常时安从有计应都能经万全连居因乐白方单成解路管关房游农司古简车项文易武明高范任余何尚查党闻包曾申"
)
_POSTS = (
    "主任|书记|局长|科长|所长|队长|经理|警官|医生|律师|老师|校长|院长|处长|镇长|乡长|县长|市长|区长|部长|厅长|村长|支书|主席|法官|站长|"
    "总经理|董事长|教授|站长|护士|物业|组长|园长"
)
# A surname with a post or a form of address (张主任, 唐先生) names nobody.
_ADDRESS = re.compile(rf"{_POSTS}|先生|女士|小姐|师傅|某|姓|氏|总(?![\u4e00-\u9fff])")
_POST = re.compile(_POSTS)
_END = re.compile(r"[，,。.；;、！!？?\s（()）\[\]：:/|~—\-]|[0-9]|电话|手机|联系|身份证|号码|微信|女士|先生|男|女|$")
# What stands behind a name in running text.
_GOES_ON = frozenset(
    "的在是不把被今家等和与将于因说已一就也从到去住欠办患系向给要没有用骗打拿现称多经私强未无还却又都及名反此请对死受突开拒每年等"
)
# What a person says of himself behind his name: 本人何伟，男.
_PERSON = re.compile(r"[，,：:（(\s]{0,2}(?:男|女|汉族|现年|身份证|公民|电话|手机|系|[0-9])")
# 请 … 述: 本人申请、本人报告 are no names; 区 … 厂: nor are places.
_NO_GIVEN = frozenset("请报诉告述者局处所")
_PLACE = frozenset("区县市镇乡村路街城院校厂")

_KIN = (
    "父亲|母亲|爸爸|妈妈|爱人|老公|老婆|丈夫|妻子|儿子|女儿|爷爷|奶奶|"
    "外公|外婆|哥哥|弟弟|姐姐|妹妹|岳父|岳母|公公|婆婆|儿媳|女婿|侄子|家属|我弟|我哥|我姐|我妹|我爸|我妈"
)
_LEADS = {
    "label": "姓名|姓 名|姓\u3000名|联系人|投诉人|反映人|举报人|来电人|诉求人|求助人|申请人|来信人|报案人|欠款人|收款人|收件人|借款人|当事人|委托人|"
    "户名|原告|被告|法定代表人|法人代表|法人",
    "called": "名字叫|我叫|本人叫|他叫|她叫|孩子叫|老人叫|儿子叫|女儿叫|名叫|名字是",
    "kin": _KIN,
    "role": "业主|村民|户主|房主|房东|患者|病人|死者|邻居|居民|学生|孩子|小孩|包工头|老板|司机|员工|同事|租客|车主|店主|市民|群众|老人|老乡|"
    "贫困户|低保户|伤者|嫌疑人",
    "self": "本人|我是",
    "signed": "敬礼",
}
_KIND_OF = {word: kind for kind, words in _LEADS.items() for word in words.split("|")}
# Literals only, so that the engine skips to their first characters; the longest first.
_LEAD = re.compile("|".join(sorted(_KIND_OF, key=len, reverse=True)))
_LINK = re.compile(r"(?:姓名)?\s{0,3}(?:是我[，,]?|是|为|叫做|叫|做|[:：/，,])?\s{0,3}")

_SIGNED = re.compile(r"[！!。，,\s]{0,4}")
# Names of peoples that part them by a dot: 阿依古丽·买买提.
_DOTTED = re.compile(r"[\u4e00-\u9fff]{2,8}(?:[·•・‧][\u4e00-\u9fff]{2,8}){1,3}")

# Before and behind a telephone, identity or account number: 张伟，身份证…; 6222…（张伟）.
_BEFORE = re.compile(
    r"(?:^|(?<=[，。；,;\s！!？?：:（(、】\]]))([\u4e00-\u9fff]{2,4})[，,、\s：:（(]{0,2}"
    r"(?:[\u4e00-\u9fff]{2,4}银行|联系|身份证|证件|手机|电话|银行|[工建农中招]行|卡|账|帐|户|[号码]|[:：是为的\s]){0,6}$"
)
_BEHIND = re.compile(r"[（(，,、\s]{1,2}([\u4e00-\u9fff]{2,4})(?=[）)，。,;；\s]|$)")
_NUMBERED = frozenset({"手机号", "身份证号", "银行卡号"})


def names(seen: str, found: Sequence[Span]) -> list[Span]:
    """Names in `seen`. found: personal data found before; beside its numbers a name needs no leading word."""
    spans = [span for lead in _LEAD.finditer(seen) if (span := _led(seen, lead))]
    for start, stop, kind in found:
        if kind in _NUMBERED:
            spans += _beside(seen, start, stop)
    return spans


def _led(seen: str, lead: re.Match[str]) -> Span | None:
    """The name behind a leading word, None where none stands."""
    kind = _KIND_OF[lead[0]]
    link = (_SIGNED if kind == "signed" else _LINK).match(seen, lead.end())
    start = link.end() if link else lead.end()
    said = seen[lead.end() : start].strip(" \t，,")
    if kind == "role" and seen.startswith("，", lead.end()):
        return None
    dotted = _DOTTED.match(seen, start) if kind in {"label", "called", "self"} else None
    if dotted:
        return start, dotted.end(), NAME
    labelled = kind in {"label", "called", "signed"} or ":" in said or "：" in said
    stop = _labelled_end(seen, start, kind, said) if labelled or kind == "self" else 0
    if not stop and kind not in {"called", "signed"}:
        stop = _running_end(seen, start, "closed" if lead[0] == "我是" else kind)
    return (start, stop, NAME) if stop else None


def _surname(seen: str, at: int) -> int:
    """How many characters of a surname begin at `at`; 0 for none, or where a post or form of address follows."""
    size = 2 if seen.startswith(_COMPOUND, at) else int(seen[at : at + 1] in _SURNAMES)
    return 0 if not size or _ADDRESS.match(seen, at + size) else size


def _labelled_end(seen: str, start: int, kind: str, said: str) -> int:
    """End of a name that ends in front of a sign or a number, 0 for none."""
    size = _surname(seen, start)
    # 东方 is a surname, but more often a compound: 我是东方明珠19栋的.
    everyday = kind == "self" and not said and (seen[start : start + 1] in _EVERYDAY or seen.startswith("东方", start))
    if not size or everyday:
        return 0
    for length in (2, 1):
        stop = start + size + length
        given = seen[start + size : stop]
        if len(given) == length and _is_han(given) and _END.match(seen, stop):
            return 0 if _is_word(seen[start : start + 2], given, kind, said) or _POST.match(seen, stop) else stop
    return 0


def _is_word(begin: str, given: str, kind: str, said: str) -> bool:
    """Whether a word stands there rather than a name: 本人申请, 我叫常年. begin: its first two characters."""
    if kind == "self" and (given[0] in _NO_GIVEN or given[0] in _PLACE or given[-1] in _PLACE):
        return True
    # Behind a colon somebody may be called 时光荣.
    return begin in _WORDS and not (said in {":", "："} and len(given) == 2)


def _running_end(seen: str, start: int, kind: str) -> int:
    """End of a name in running text, 0 for none. kind "closed": only in front of a sign."""
    size = _surname(seen, start)
    closed = kind == "closed" or (kind == "self" and seen[start : start + 1] in _EVERYDAY)
    if not size or seen[start : start + 2] in _WORDS or (closed and seen.startswith("东方", start)):
        return 0
    given = 0
    while given < 2 and seen[start + size + given : start + size + given + 1] in _GIVEN:
        given += 1
    for length in range(given, 0, -1):
        stop = start + size + length
        if length == 1 and seen[stop - 1] == "家":
            break
        if (closed or kind == "self") and seen[stop - 1] in _PLACE:
            continue
        if kind == "self" and length == 1 and not _PERSON.match(seen, stop):
            continue
        if _END.match(seen, stop) or (not closed and seen[stop] in _GOES_ON):
            return 0 if _POST.match(seen, stop) else stop
    whole = start + size + 2
    return (
        whole
        if given == 2 and not closed and kind != "self" and not _POST.match(seen, whole) and seen[whole] not in _PLACE
        else 0
    )


def _beside(seen: str, start: int, stop: int) -> list[Span]:
    """Names right before and behind the number at `start` … `stop`."""
    spans = []
    offset = max(0, start - 24)
    before = _BEFORE.search(seen[offset:start])
    if before and _is_name(before[1]):
        spans.append((offset + before.start(1), offset + before.end(1), NAME))
    behind = _BEHIND.match(seen, stop)
    if behind and _is_name(behind[1]):
        spans.append((behind.start(1), behind.end(1), NAME))
    return spans


def _is_name(text: str) -> bool:
    """Whether the whole of `text` is a surname and one or two characters of given names."""
    size = _surname(text, 0)
    return bool(size) and 1 <= len(text) - size <= 2 and set(text[size:]) <= _GIVEN and text[:2] not in _WORDS


def _is_han(text: str) -> bool:
    return all("\u4e00" <= char <= "\u9fff" for char in text)
