"""Redaction measured on sentences of our own: personal data woven into frames, and look-alikes that must stay."""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable

import pytest

from nlp.redact import redact

PER_KIND = 420
PER_LOOKALIKE = 120
LEAST = 0.98
MASK = re.compile(r"\[(手机号|固定电话|身份证号|银行卡号|邮箱|QQ号|微信号|车牌号|住址|姓名)\]")

Make = Callable[[random.Random], str]
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
TAILS = [
    "",
    "。",
    "，谢谢！",
    "，请尽快处理。",
    "，望回复",
    "；小区物业一直推诿。",
    "\n2019年12月5日",
    "，已经打过12345。",
]
HEADS = [
    "",
    "您好，",
    "尊敬的领导：\n",
    "小区停水三天了，",
    "A3区梅溪湖路口夜间施工扰民。",
    "我是业主，",
    "事情是这样的：",
    "【求助】",
]


def _digits(r: random.Random, n: int) -> str:
    return "".join(r.choice("0123456789") for _ in range(n))


def _mobile(r: random.Random) -> str:
    number = "1" + r.choice("3456789") + _digits(r, 9)
    a, b, c = number[:3], number[3:7], number[7:]
    shapes = [
        number, f"{a} {b} {c}", f"{a}-{b}-{c}", f"+86{number}", f"+86 {number}", f"0086{number}", f"+86-{a}-{b}-{c}",
        number.translate(WIDE), "\u200b".join(number), f"{a}\u3000{b}\u3000{c}", f"{a}\u200b{b}\u200b{c}", f"{number[:5]} {number[5:]}",
    ]  # fmt: skip
    return r.choice(shapes)


def _landline(r: random.Random) -> str:
    number = r.choice("2345678") + _digits(r, 7)
    area = r.choice(["0731", "010", "021", "0755"])
    return r.choice([number, f"{area}-{number}", f"({area}){number}", f"{area} {number}", f"{number[:4]}-{number[4:]}"])


def _identity(r: random.Random) -> str:
    area = r.choice(["430102", "110105", "440306", "320583", "510104"])
    while True:
        body = f"{area}{r.randint(1940, 2015)}{r.randint(1, 12):02}{r.randint(1, 28):02}{_digits(r, 3)}"
        total = sum(int(c) * pow(2, 17 - i, 11) for i, c in enumerate(body))
        number = body + "10X98765432"[total % 11]
        if not number.endswith("X") or r.random() < 0.5:
            break
    shapes = [number, number.lower(), f"{number[:6]} {number[6:14]} {number[14:]}", number.translate(WIDE),
              f"{number[:6]}-{number[6:14]}-{number[14:]}"]  # fmt: skip
    return r.choice(shapes)


def _identity15(r: random.Random) -> str:
    return f"43010{r.randint(1, 9)}{r.randint(40, 85)}{r.randint(1, 12):02}{r.randint(1, 28):02}{_digits(r, 3)}"


def _card(r: random.Random) -> str:
    body = r.choice(["622202", "621700", "622848", "436742", "521899", "601382"]) + _digits(r, r.choice([9, 12]))
    total = 0
    for index, char in enumerate(reversed(body)):
        value = int(char) * (1 if index % 2 else 2)
        total += value - 9 if value > 9 else value
    number = body + str(-total % 10)
    return r.choice([number, re.sub(r"(....)(?=.)", r"\1 ", number), re.sub(r"(....)(?=.)", r"\1-", number)])


def _email(r: random.Random) -> str:
    name = r.choice(["zhang.wei", "li_na88", "wangfang", "a" + _digits(r, 6), _digits(r, 9), "Chen-Jie", "x+y"])
    at = r.choice(["@", "@", "＠"])
    return (
        f"{name}{at}{r.choice(['qq.com', '163.com', 'gmail.com', 'mail.example.com.cn', 'hnu.edu.cn', 'foxmail.com'])}"
    )


def _qq(r: random.Random) -> str:
    return str(r.randint(10_000, 9_999_999_999))


def _wechat(r: random.Random) -> str:
    letters = "abcdefghijkmnpqrstuvwxyz"
    name = r.choice(letters) + "".join(r.choice(letters + "0123456789_-") for _ in range(r.randint(5, 14)))
    return r.choice([name, name, "wxid_" + _digits(r, 8), _digits(r, 9)])


def _plate(r: random.Random) -> str:
    place = r.choice("湘京粤沪鄂赣苏浙川渝") + r.choice("ABCDEFGHJKLM")
    dot = r.choice(["", "·", " ", "-", "•"])
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
    if r.random() < 0.4:
        return f"{place}{dot}{r.choice('DF')}{r.choice(letters)}{_digits(r, 4)}"
    number = "".join(r.choice(letters) for _ in range(4)) + r.choice("0123456789")
    return f"{place}{dot}{number}"


ROAD = ["韶山路", "芙蓉中路", "万家丽北路", "劳动西路", "金星路", "人民东路"]
YARD = ["阳光花园", "梅溪湖畔小区", "滨江一号", "幸福里", "A市某小区"]
CHINESE = "一二三四五六七八九十"


def _door(r: random.Random) -> str:
    b, u, room = r.randint(1, 38), r.randint(1, 4), r.randint(1, 33) * 100 + r.randint(1, 8)
    shapes = [
        f"{b}栋{u}单元{room}", f"{b}栋{room}", f"{b}栋{room}室", f"{b}号楼{u}单元{room}室", f"{b}幢{room}房",
        f"{b}-{u}-{room}", f"{r.choice('ABC')}座{room}", f"{r.choice(CHINESE)}栋{r.choice(CHINESE)}单元{room}号",
        f"{b}栋{u}单元{room // 100}楼{room}", f"{b}栋 {u}单元 {room}", f"{r.choice('ABC')}{u}栋{room}", f"{u}单元{room}室",
    ]  # fmt: skip
    return r.choice(shapes)


def _house(r: random.Random) -> str:
    return f"{r.randint(1, 998)}号"


SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蒋蔡余杜叶程苏魏"
GIVEN = "伟芳娜敏静丽强磊洋艳勇军杰娟涛明超秀霞平刚桂玉萍红建国志文华春梅海燕雪琴宇浩欣怡梓涵"


def _name(r: random.Random) -> str:
    surname = r.choice(SURNAMES) if r.random() < 0.9 else r.choice(["欧阳", "司马", "上官", "诸葛"])
    return surname + r.choice(GIVEN) + (r.choice(GIVEN) if r.random() < 0.7 else "")


PRIVATE: dict[str, list[tuple[Make, list[str]]]] = {
    "手机号": [(_mobile, ["我的电话是{x}", "联系电话:{x}", "手机{x}", "请拨打{x}联系我", "电话：{x}（张女士）", "{x}", "有意见打我电话 {x}",
                       "tel:{x}", "联系方式，{x}", "请回电{x}或上门", "业主电话{x}", "加我微信{x}同号"])],  # fmt: skip
    "固定电话": [(_landline, ["家里电话{x}", "家庭电话：{x}", "住宅电话是{x}", "宅电{x}", "我家的电话为{x}", "本人电话:{x}", "我的座机{x}"])],
    "身份证号": [
        (_identity, ["身份证号{x}", "身份证号码：{x}", "身份证：{x}", "本人身份证{x}已提交", "号码{x}", "{x}", "我的证件是{x}，请核实"]),
        (_identity15, ["身份证号{x}", "老身份证号码：{x}", "身份证是{x}"]),
    ],
    "银行卡号": [(_card, ["银行卡号{x}", "卡号：{x}", "账号 {x}", "请退款到{x}", "工商银行{x}", "打到我的卡上，{x}", "存折账号：{x}"])],
    "邮箱": [(_email, ["邮箱{x}", "请发到{x}", "e-mail: {x}", "E-mail：{x}", "材料已发{x}邮箱", "联系{x}"])],
    "QQ号": [(_qq, ["QQ{x}", "QQ：{x}", "qq号{x}", "QQ号码:{x}", "扣扣{x}", "加QQ群{x}", "我的QQ是{x}", "QQ号：{x}"])],
    "微信号": [(_wechat, ["微信{x}", "微信号：{x}", "微信号{x}", "vx:{x}", "VX{x}", "wx：{x}", "V信{x}", "薇信{x}", "加v:{x}",
        "weixin: {x}",
                       "微信是{x}", "微信ID:{x}"])],  # fmt: skip
    "车牌号": [(_plate, ["车牌{x}", "车牌号：{x}", "{x}的车主", "一辆{x}小车堵住出口", "{x}占道停车", "我的车{x}被贴单", "（{x}）"])],
    "住址": [
        (_door, ["阳光花园{x}", "我住梅溪湖小区{x}", "幸福里小区{x}漏水", "本人房屋为{x}", "楼上{x}业主", "住址：阳光小区{x}", "A市A3区中海国际{x}"]),
        (_house, ["家住韶山路{x}", "我住在劳动西路{x}", "住址：芙蓉中路{x}", "家庭住址是A区人民东路{x}", "家庭地址：金星北路{x}", "家住{x}"]),
    ],
    "姓名": [(_name, ["姓名：{x}", "联系人：{x}", "联系人{x}", "本人{x}，男", "本人{x}，系业主", "我叫{x}，今年50岁", "我叫{x}", "投诉人：{x}",
                    "姓名:{x} 性别女", "孩子叫{x}，6岁", "申请人{x}", "反映人：{x}", "姓 名：{x}", "联系人:{x}女士"])],  # fmt: skip
}  # fmt: skip


def _order(r: random.Random) -> str:
    return _digits(r, r.choice([12, 14, 16, 18, 20]))


def _mobile_like(r: random.Random) -> str:
    return "1" + r.choice("3456789") + _digits(r, 9)


def _credit_code(r: random.Random) -> str:
    return "91430" + _digits(r, 3) + "MA" + "".join(r.choice("ABCDEFGHJKLMNPQRTUWXY0123456789") for _ in range(8))


def _date(r: random.Random) -> str:
    y, m, d = r.randint(2010, 2026), r.randint(1, 12), r.randint(1, 28)
    shapes = [f"{y}年{m}月{d}日", f"{y}-{m:02}-{d:02}", f"{y}/{m}/{d}", f"{y}{m:02}{d:02}", f"{y}.{m}.{d}", f"{d}-{m}-{y}",
              f"{y}-{m:02}-{d:02} {r.randint(0, 23):02}:{r.randint(0, 59):02}:08", f"{y}{m:02}{d:02}{r.randint(10, 23)}{r.randint(10, 59)}00"]  # fmt: skip
    return r.choice(shapes)


def _small(low: int, high: int) -> Make:
    return lambda r: str(r.randint(low, high))


LOOKALIKES: dict[str, tuple[Make, list[str]]] = {
    "hotline": (lambda r: r.choice(["12345", "110", "119", "12315", "96533", "12319", "95598"]), ["拨打{x}热线",
        "打了{x}没人管", "请致电{x}", "热线电话{x}"]),
    "office": (lambda r: "0731-8" + _digits(r, 7), ["请咨询市住建局，电话{x}", "办公室电话：{x}", "联系电话{x}（区交警大队）", "拨打{x}咨询",
        "物业服务中心电话{x}"]),
    "400": (lambda r: r.choice([f"400-{_digits(r, 3)}-{_digits(r, 4)}", f"400{_digits(r, 7)}", f"800-{_digits(r, 3)}-{_digits(r, 4)}"]),
        ["客服电话{x}", "打{x}投诉", "售后{x}无人接听"]),
    "order": (_order, ["订单号{x}", "工单编号：{x}", "快递单号{x}", "流水号：{x}", "受理编号{x}", "发票号码{x}", "运单{x}", "备案号{x}",
        "案号：{x}", "合同编号{x}"]),
    "mobile-like": (_mobile_like, ["订单号{x}", "工单号：{x}", "快递单号 {x}", "受理号{x}", "户号{x}"]),
    "credit": (_credit_code, ["统一社会信用代码{x}", "信用代码：{x}", "（{x}）", "该公司{x}"]),
    "price": (_small(100, 99_999_999), ["{x}元", "欠款{x}元", "均价{x}元每平", "共计{x}.50元", "￥{x}", "罚款{x}块", "涉及金额{x}万元"]),
    "date": (_date, ["{x}", "于{x}提交", "日期：{x}", "{x}上午停水", "从{x}至今"]),
    "time": (lambda r: f"{r.randint(0, 23)}:{r.randint(0, 59):02}", ["晚上{x}", "{x}-23:30施工", "{x}断电", "早上{x}的公交"]),
    "area": (_small(101, 999), ["{x}m²", "{x}平米", "面积{x}㎡", "建筑面积{x}平方", "10、10栋{x}m2", "3栋{x}平米", "2单元{x}平方"]),
    "count": (_small(100, 2999), ["10栋{x}户", "共8栋{x}多户", "3栋{x}人", "5栋{x}套房", "有{x}间房", "小区共12栋，{x}户业主", "3号楼{x}多人",
        "二栋{x}余户"]),
    "bus": (_small(1, 998), ["{x}路公交车", "{x}号线", "家住地铁{x}号线旁", "坐{x}路到站", "韶山路{x}路车", "公交{x}线"]),
    "model": (lambda r: r.choice(["A6L", "A4L", "X5", "CRV", "GL8", "iPhone12", "K1A", "MG6", "T3-88"]), ["奥迪{x}",
        "一台{x}停在路口", "型号{x}", "黑色{x}轿车"]),
    "plate-like": (lambda r: r.choice(["京B座", "湘A牌照", "云A区", "湘雅医院", "粤菜", "藏A级", "新A12", "苏A段", "川A级景区"]), ["{x}",
        "位于{x}旁", "{x}很好", "外地{x}"]),
    "version": (lambda r: f"{r.randint(1, 19)}.{r.randint(0, 99)}.{r.randint(0, 9999)}", ["版本{x}", "v{x}",
        "APP {x}闪退", "升级到{x}后"]),
    "masked": (lambda r: f"{r.choice('ABCK')}{r.randint(1, 9)}", ["{x}县", "{x}区星沙街道", "{x}市", "A市{x}区", "西地省{x}县"]),
    "qq-word": (lambda r: r.choice(["QQ音乐", "QQ群里", "qq空间", "QQ飞车", "QQ炫舞", "扣扣空间"]), ["{x}", "在{x}看到", "用{x}发通知"]),
    "wechat-word": (lambda r: r.choice(["微信公众号", "微信群", "微信支付", "微信小程序", "微信朋友圈", "微信app", "微信扫码",
        "微信200元"]), ["{x}", "通过{x}缴费", "用{x}", "关注{x}查询"]),
    "myself": (lambda r: r.choice(["是业主", "于昨日投诉", "向贵局反映", "系该小区业主", "在此居住", "和家人", "从小", "女，45岁", "现住A区", "已退休",
        "来自农村",
                                   "常年在外", "有房产证", "，安全受到威胁", "家住三楼", "今年52岁", "才明白", "不同意", "认为", "向您反映",
                                   "，万分感谢", "，任何人", "成年后", "，计划买房", "高中毕业", "时常"]),
               ["本人{x}", "本人{x}。", "本人{x}，请处理", "本人{x}，男"]),  # fmt: skip
    "unnamed": (lambda r: r.choice(["不详", "保密", "未知", "匿名", "略", "无", "见附件", "不便透露"]), ["姓名{x}", "姓名：{x}",
        "联系人：{x}", "投诉人{x}"]),
    "called": (lambda r: r.choice(["什么", "警察", "外卖", "停", "苦连天", "醒", "家长", "救护车", "滴滴", "他们", "天天吵",
        "我走"]), ["我叫{x}", "他叫{x}", "孩子叫{x}", "叫{x}"]),
    "email-like": (lambda r: r.choice(["@市长", "@长沙发布", "@所有人", "a@b", "3@5元"]), ["{x}", "请{x}关注", "{x} 看一下"]),
    "distance": (_small(100, 2000), ["距离{x}米", "3栋{x}米外", "离1号楼{x}米", "一层{x}米", "全长{x}公里"]),
    "document": (lambda r: f"〔{r.randint(2010, 2025)}〕{r.randint(1, 300)}号", ["长政发{x}", "文件{x}", "湘政{x}文", "依据国发{x}"]),
    "shop": (_small(1, 998), ["韶山路{x}号门面", "位于人民路{x}号的超市", "芙蓉路{x}号工地", "城管局地址在劳动路{x}号楼"]),
    "year": (_small(2008, 2026), ["1栋{x}年交房", "3号楼{x}年完工", "{x}-{x}学年", "5栋{x}年漏水", "{x}届毕业生"]),
    "range": (_small(10, 99), ["10-{x}-30页", "1-{x}栋", "3-{x}层", "第3-{x}条", "8-{x}元"]),
    "buildings": (_small(100, 130), ["18栋、{x}栋、104栋", "共有{x}栋房屋", "18栋{x}栋104栋", "1栋{x}栋2栋", "{x}号楼和104号楼",
        "11号楼{x}号楼"]),
    "bed": (_small(100, 999), ["3号楼{x}床", "住院部2号楼{x}病床", "1栋{x}台空调", "4栋{x}万元", "6栋{x}名业主", "2号楼{x}位老人", "1号楼{x}份合同"]),
}  # fmt: skip


def _samples(make: Make, frames: list[str], count: int, r: random.Random) -> list[tuple[str, str, str]]:
    """(text, value, text with a bar in place of the value), `count` of them."""
    found = []
    for index in range(count):
        value, frame = make(r), frames[index % len(frames)]
        head, tail = r.choice(HEADS), r.choice(TAILS)
        found.append((head + frame.format(x=value) + tail, value, head + frame.format(x="｜") + tail))
    return found


def test_recall_and_precision_of_each_kind() -> None:
    r = random.Random(20261122)
    hit: Counter[str] = Counter()
    total: Counter[str] = Counter()
    extra: Counter[str] = Counter()
    wrong: dict[str, list[str]] = defaultdict(list)
    for kind, makers in PRIVATE.items():
        for make, frames in makers:
            for text, value, frame in _samples(make, frames, PER_KIND // len(makers), r):
                total[kind] += 1
                masked = redact(text)
                kinds = Counter(MASK.findall(masked))
                if masked == frame.replace("｜", f"[{kind}]"):
                    hit[kind] += 1
                else:
                    wrong[kind].append(f"{text!r} → {masked!r}")
                    assert value not in masked or kinds[kind] == 0, masked
                kinds[kind] -= 1
                extra.update({k: n for k, n in kinds.items() if n > 0})
    kept = 0
    for make, frames in LOOKALIKES.values():
        for text, _, _ in _samples(make, frames, PER_LOOKALIKE, r):
            masked = redact(text)
            kept += masked == text
            for kind in MASK.findall(masked):
                extra[kind] += 1
                wrong[kind].append(f"{text!r} → {masked!r}")
    assert sum(total.values()) >= 3000
    assert len(LOOKALIKES) * PER_LOOKALIKE >= 3000
    for kind in PRIVATE:
        recall, precision = hit[kind] / total[kind], hit[kind] / (hit[kind] + extra[kind])
        print(f"{kind}\trecall {recall:.4f}\tprecision {precision:.4f}\tof {total[kind]}")
    low = {
        kind: wrong[kind][:8]
        for kind in PRIVATE
        if hit[kind] < LEAST * total[kind] or hit[kind] < LEAST * (hit[kind] + extra[kind])
    }
    assert not low, "\n".join(f"{kind}: {line}" for kind, lines in low.items() for line in lines)


@pytest.mark.parametrize("kind", list(PRIVATE))
def test_masking_twice_is_masking_once(kind: str) -> None:
    r = random.Random(7)
    for make, frames in PRIVATE[kind]:
        for text, _, _ in _samples(make, frames, 150, r):
            once = redact(text)
            assert redact(once) == once
