"""Posts of our own to judge redaction by: personal data woven into sentences of message boards, and look-alikes that must stay.

Every sentence is ours; every number, name and address is drawn at random and belongs to nobody. The same seed gives the same
posts. What counts as personal is what `nlp.redact` says it masks: of an address the house number and the door (road, compound
and village stay, staff need them), of a person the full name (surname with a form of address, 王女士, stays), no telephone of an
office, no name of somebody who is named by his office.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from string import Formatter

Span = tuple[int, int, str]
Make = Callable[[random.Random], str]


def _parted(sentences: dict[str, str]) -> dict[str, tuple[str, ...]]:
    """The sentences of each kind."""
    return {kind: tuple(one.strip() for one in re.split(r"[|\n]", text)) for kind, text in sentences.items()}


# Shares of posts with personal data of a second kind and with a look-alike beside it: a board's longer posts hold several.
_SECOND = 0.25
_BESIDE = 0.2
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
_AREAS = "430102 430111 110105 440306 320583 510104 330106 420106 370203 610113 652301 150102".split()  # noqa: SIM905
_BANKS = "622202 621700 622848 436742 621226 625955 601382 955880 623058 621661 622588 356895".split()  # noqa: SIM905
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_CHINESE = "一二三四五六七八九"
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石"
    "廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷"
    "詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司"
)
_COMPOUND = "欧阳 上官 司马 诸葛 皇甫 东方 尉迟 令狐 慕容 司徒".split()  # noqa: SIM905
_GIVEN = """
    伟 芳 娜 敏 静 丽 强 磊 军 洋 勇 艳 杰 涛 明 超 霞 平 刚 桂英 秀兰 秀英 玉兰 建华 建国 建军 志强 志明
    国强 海燕 晓燕 小红 小平 文 华 斌 鹏 宇 浩 波 辉 玲 莉 慧 颖 佳 欣怡 子涵 梓涵 浩然 宇轩 一诺 思远 雨桐 春花 冬梅
    凤英 红梅 淑珍 德明 永红 立新 卫东 爱民 长生 新民 正华 光荣 大勇 世平 少华 水生 金花 满香 友良 伏秋 运来 喜云 再兴 家乐 安安 可心 若曦 俊
    帆 倩 婷婷 莹莹 亮 峰 琴 萍 云 飞 龙 凯 旭东 兴旺
""".split()  # noqa: SIM905
# The sentences, one a line or parted by |. {slots} are drawn by `MAKERS`.
_HEADS = "||您好，|尊敬的领导：\n|小区停水三天了，|我是{yard}的业主，|事情是这样的：|【求助】|各位网友，|{date}，|2、|投诉！|楼主说得对，".split("|")  # noqa: SIM905 # fmt: skip
_TAILS = "||。|，谢谢！|，请尽快处理。|；物业一直推诿。|\n{date}|，已经打过12345。|！！！|，急|，盼复。|（请保密）|，此致敬礼|?".split("|")  # noqa: SIM905 # fmt: skip
PERSONAL = _parted(
    {
        "手机号": """我的电话是{mobile}|联系电话：{mobile}|请打{mobile}找我|电话{mobile}（{surname}女士）|手机 {mobile} 24小时开机|有结果打我手机{mobile}
        联系人{name}，{mobile}|{surname}先生{mobile}|本人联系方式:{mobile}，随时可以配合|她留的号码是{mobile}一直打不通|微信同号{mobile}
        中介小{surname}的电话{mobile}|房东{mobile}拒不退押金|我叫{name} 电话{mobile}|对方用{mobile}给我打骚扰电话|{mobile}这个号码天天发短信
        致电{mobile}即可|Tel：{mobile}|电话号码：{mobile}或{mobile}""",
        "身份证号": """身份证号：{identity}|身份证号码{identity}|我的身份证是{identity}|{name}，身份证{identity}|本人{name}，身份证号码：{identity}
        证件号 {identity}，麻烦查一下社保|公民身份号码{identity}|患者{name}，{identity}|（身份证：{identity}）|身份证 {identity} 一直显示未参保
        用{identity}查不到我的公积金|孩子身份证号{identity}报不上名|姓名：{name} 身份证：{identity}|{identity}是我父亲的身份证|ID：{identity}""",
        "银行卡号": """银行卡号：{card}|卡号{card}|请把押金退到{card}|我的工资卡{card}一直没到账|开户行：建设银行，账号：{card}|农行卡 {card}，户名{name}
        收款账户{card}|惠农补贴打在{card}上|社保卡银行账号{card}|{name}，工商银行{card}|对方让我转账到{card}|钱转到了{card}，我被骗了
        账户：{card}（{name}）|信用卡{card}被盗刷|建行尾号变了，新卡{card}""",
        "邮箱": """我的邮箱是{email}|请回复到{email}|邮箱：{email}|材料已发{email}|E-mail: {email}|电子邮箱{email}，请查收|可以发邮件给我{email}
        联系我 {email}|邮件{email}没人回|（{email}）|{email}是我的常用邮箱|简历投到{email}了|Email：{email}，电话{mobile}|发到我邮箱里{email}谢谢""",
        "QQ号": """我的QQ是{qq}|QQ：{qq}|QQ号{qq}|加我QQ {qq}|qq:{qq}|有意者联系QQ{qq}|QQ号码：{qq}|扣扣{qq}|Q Q：{qq}|请加QQ：{qq}详谈|骗子的QQ号是{qq}
        可以QQ联系我{qq}|q{qq}|本人qq号为{qq}|QQ/微信：{qq}|企鹅号{qq}|联系QQ:{qq}（{surname}女士）""",
        "微信号": """微信：{wechat}|我的微信号是{wechat}|加我微信{wechat}|微信号{wechat}|wx：{wechat}|vx:{wechat}|V信{wechat}|加V {wechat}|薇信 {wechat}
        微信号为{wechat}，请加|weixin:{wechat}|联系微信：{wechat}|对方微信号：{wechat}|可以加微信 {wechat} 发照片|WeChat: {wechat}|wei信{wechat}
        微信 ID {wechat}|他的微信叫{wechat}""",
        "车牌号": """车牌号：{plate}|车牌{plate}|一辆{plate}的小车堵在门口|{plate}长期占用消防通道|我的车{plate}被拖走了|白色面包车，{plate}
        举报{plate}乱停乱放|渣土车（{plate}）超载|出租车{plate}拒载|车主为{plate}|{plate}车主请挪车|网约车司机{surname}师傅，{plate}
        公交司机开{plate}闯红灯|牌照是{plate}|黑色奥迪{plate}|号牌{plate}的货车""",
        "固定电话": """家里电话{landline}|家庭电话：{landline}|我家座机是{landline}|宅电：{landline}|本人电话 {landline}|住宅电话{landline}
        可以打我家里的电话{landline}|我的固话{landline}|家里座机{landline}坏了半个月|我的联系电话：{landline}|我父母家电话{landline}
        我家固定电话{landline}欠费|老人家中电话是{landline}|联系我请打座机{landline}，我姓{surname}""",
        "住址": """我家住{yard}{door}|本人住{yard}{door}|{yard}{door}业主|住址：{yard}{door}|{yard}{door}漏水|楼上{door}天天装修|我是{yard}{door}的住户
        家住{road}{house}|家庭住址：{road}{house}|我住在{road}{house}{yard}{door}|地址：{yard}{door}|{road}{house}{yard}{door}|户籍地址{village}{house}
        家住{village}{house}|房号{door}|我买了{yard}{door}的房子|{door}在家里开麻将馆|隔壁{door}养狗扰民|本人购买的{yard}{door}，合同约定{year}年交房
        现居住于{yard}{door}|请到{yard}{door}上门查看|住在{village}{house}的老人""",
        "姓名": """我叫{name}|本人{name}，男，今年56岁|联系人：{name}|姓名：{name}|我是{village}村民{name}|我的名字叫{name}|投诉人：{name}|户主{name}
        我父亲{name}今年八十岁|我爱人{name}在厂里上班|患者{name}住院半个月|业主{name}|村民{name}家的低保被取消|我是{name}|房东{name}不退押金
        邻居{name}把垃圾堆在楼道|申请人{name}，女|法人代表是我，{name}|反映人：{name}，{mobile}|孩子{name}今年上一年级|学生{name}|死者{name}的家属
        包工头{name}欠我工资|联系人:{name}女士|我儿子叫{name}|来信人 {name}|举报人：{name}|欠款人{name}|房主：{name}|我老公{name}在工地摔伤
        我母亲{name}办理退休""",
    }
)
LOOKALIKES = _parted(
    {
        "price": """均价{million}元/平|水费{thousand}元|交了{million}块|罚款{hundred}元|￥{cents}|共计人民币{million}.00元|欠薪{million}元|每平{thousand}元
        押金{million}没退|一年{million}左右|总价{hundred}万|月租{thousand}|补偿款{million}元至今未发|从{thousand}涨到{thousand}""",
        "credit_code": """统一社会信用代码{credit}|信用代码：{credit}|{firm}（{credit}）|营业执照{credit}|该公司税号{credit}|许可证号JY1430{number}
        卫生许可证{number}""",
        "hotline": """打{hotline}没人管|拨打{hotline}热线|{hotline}转了三次|我打了{hotline}和12345|致电{hotline}，说不归他们管|市长热线12345回复
        {hotline}说已派单|报警110，民警来了""",
        "office_phone": """{org}电话：{office}|{org}{surname}主任{office}|{surname}科长电话{office}|请拨打{org}咨询电话{office}|办公电话{office}
        物业服务中心{office}|打{org}电话{office}一直占线|监督电话：{office}|{office}是{org}的电话|联系{org}（{office}）|值班电话{office}没人接
        详询{office}（工作日）|学校招生办{office}""",
        "service_phone": """客服{service}|打{service}投诉|售后电话{service}|{firm}全国热线{service}没人接|供水客服：{service}|{service}说要等""",
        "order": """订单号{number}|工单编号：{number}|受理编号{number}|流水号：{number}|订单编号 {number} 未发货|12306订单{letters}{number}
        工单{number}被办结|编号为{number}的信件|交易单号：{number}|信件编号{number}|查询码{number}|投诉单号{number}|缴费户号{number}|户号：{number}
        水表编号{number}|电表号{number}|准运单{number}|批次号{number}|案件编号:{number}|发票代码{number}|发票号码：{number}|合同编号{letters}{number}
        报销单号{number}|条形码{number}|设备序列号{number}|登记号{number}|我在12345的工单号是{number}""",
        "tracking": """快递单号{number}|顺丰SF{number}|圆通YT{number}没收到|运单号：{number}|中通快递 {number}|物流单号{number}一直不动|邮政EMS单号{number}
        韵达{number}显示签收|包裹{number}丢了""",
        "date": """{date}|于{date}提交|日期：{date}|{date}停水|从{date}至今|{date}签的合同|截止{date}|自{date}起|公示期{date}到{date}|{date}下午3点""",
        "time": """晚上{clock}还在施工|{clock}-23:30|早上{clock}的班车|{clock}分停电|每天{clock}到{clock}|{date} {clock}|凌晨{clock}:15""",
        "count": """{small}栋{hundred}户|共{small}栋{hundred}多户|{small}号楼{hundred}人|小区{small}栋楼{thousand}户业主|{small}栋{hundred}套房
        {small}个单元{hundred}户|有{hundred}间房|安置房{small}栋{thousand}套|二栋{hundred}余户|{small}栋{hundred}平方|{small}号楼{hundred}m²
        我们{small}栋{small}个单元没水|{small}栋{small}层|{small}-{small}栋停电|{small}栋、{small}栋、{small}栋|{small}号楼和{small}号楼""",
        "building_year": """{small}栋{year}年交房|{small}号楼{year}年完工|{year}-{year}学年|{small}栋{year}年就漏水|{year}届毕业生
        {yard}{small}栋{year}年入住""",
        "street_number": """{road}{hundred}号门面|{org}在{road}{hundred}号|{road}{hundred}号工地夜间施工|位于{road}{hundred}号的{firm}
        {road}{hundred}号超市占道|{org}地址：{road}{hundred}号|{firm}（{road}{hundred}号）|{org}办公楼{small}楼{room}室|{org}{room}办公室
        政务中心{small}号窗口|到{org}{small}楼大厅|{road}{hundred}号路灯杆不亮""",
        "document": """长政发〔{year}〕{small}号|湘建房[{year}]{hundred}号文|依据国发（{year}）{small}号|文号：{year}-{hundred}|第{small}条第{small}款
        国务院令第{hundred}号|（{year}）湘0102民初{thousand}号|GB {five}-{year}|建标{hundred}-{year}|公告{year}年第{small}号""",
        "version": """版本{small}.{small}.{hundred}|APP v{small}.{small}.{small}闪退|升级到{small}.{small}后|IP是192.168.{small}.{small}
        系统V{year}.{small}|安卓{small}.{small}""",
        "bus": """{hundred}路公交|{small}号线|坐{hundred}路到站|地铁{small}号线{small}号口|公交{hundred}路晚点|高铁G{thousand}|{small}路车末班{clock}
        家门口{hundred}路改道|K{hundred}次列车""",
        "percentage": """涨了{small}.{small}%|{small}%的业主|公摊{small}.{small}％|利率{cents}‰|入住率不到{small}%|绿化率{small}%""",
        "stake": """K{small}+{hundred}处塌方|G107国道K{thousand}+{hundred}|S{hundred}省道{small}公里{hundred}米
        京港澳高速K{thousand}+{hundred}至K{thousand}+{hundred}|里程桩号k{small}+{hundred}""",
        "official": """{surname}主任不在|找{surname}书记签字|{surname}局长批示|村支书{surname}某某|{surname}科长说不归他管|{surname}所长的电话没人接
        联系人：{surname}主任|{surname}警官接警|{surname}老师|社区{surname}书记|{surname}医生|客服{surname}经理|联系人：{surname}女士
        区长{official}来过|局长{official}调研|市委书记{official}批示|县长{official}主持会议|{surname}先生|物业{surname}经理|辅警{surname}某""",
        "pension": """社保编号{number}|医保编号：{number}|个人编号{number}|公积金账户编号{number}|职工养老编号{number}|低保证号{number}|残疾证号不记得
        参保编号：{number}""",
        "model": """型号{model}|奥迪{model}|华为{model}|黑色{model}轿车|格力空调{model}|一台{model}|iPhone{small}|比亚迪秦{hundred}
        ETC型号{letters}{hundred}-{small}|京B座|湘A牌照|湘A、湘B的车都收费|沪C牌照进不了|新A{small}栋|藏A级景区|外地牌照|川A开头的车|粤B的货车""",
        "account_word": """微信公众号{model}|关注公众号|微信群{small}人|QQ群里通知|微信支付{hundred}元|QQ音乐|微信小程序“{firm}”|业主微信群
        微信转账{thousand}|微信步数{million}|QQ空间|微信扫码|加了微信|微信聊天记录|微信发{hundred}元红包|公众号：changsha{year}|微信朋友圈
        微信付了{million}元|微博@长沙发布|@所有人|@市长""",
        "distance": """距离{hundred}米|{small}栋{hundred}米外|全长{hundred}公里|挖了{hundred}米深|离{small}号楼{small}米|宽{small}米长{hundred}米
        面积{million}平方米|海拔{hundred}m|东经{hundred}.{million}，北纬{small}.{million}""",
        "masked_place": """A{small}县|K{small}县{village}|A市A{small}区|B市|西地省G{small}市|A{small}区{yard}|M{small}县县城|A市地铁{small}号线|J4县
        L{small}县""",
        "no_name": """姓名不详|联系人：保密|本人是业主|本人向贵局反映|我叫了警察|我是长沙人|本人于{date}购房|业主代表多次反映|患者家属|村民反映
        我父亲常年在外|孩子今年上学|我爱人单位|户主死亡|我老公今年失业|邻居多次沟通|房东不退押金|申请人民调解|本人从未收到|我是高中老师
        我是方便面厂职工|联系人不明|学生时代|业主都说|我是安徽人|我母亲常说|业主委员会|村民小组|本人万分焦急|我是温州来的|投诉人称|我叫外卖|孩子高考
        房主任意加租|户主和业主""",
    }
)
_WORDS = {
    "yard": """阳光花园 幸福里小区 梅溪湖畔 恒大绿洲 滨江一号 丽发新城 万科金域 碧桂园 和平小区
        保利国际 安居苑 水岸名都 锦绣华庭 桂花公寓 机关大院 书香苑二期 御景湾 东方明珠 融创三期""",
    "road": "韶山路 芙蓉中路 万家丽北路 劳动西路 金星路 人民东路 解放街 五一大道 桐梓坡路 湘府中路 建设巷 书院南路 新华街 东风路",
    "village": "金井镇双江村 沙坪街道汉回村 春华镇松元村 双江口镇长兴村 黄材镇蒿溪村 高桥镇石牯牛村 雷锋街道坪山村老屋组 淳口镇鹤源社区 桥驿镇民福村三组",
    "org": "市住建局 区城管局 人社局 县教育局 市交警支队 社区居委会 街道办事处 派出所 市公积金中心 区卫健委 税务局 信访局 镇政府 市长信箱办公室",
    "firm": "长沙某某物业有限公司 湖南鑫达置业 顺心家政 天天超市 新星培训学校 好又多便利店 宏达建筑公司",
    "hotline": "12345 12315 12319 12369 12328 12333 12348 110 119 120 95598 96533 10086 10000 12388 12320 95588 114 12306",
    "model": "A6L A4L X5 CRV GL8 MG6 T3-88 KFR-35GW P40 Mate30 Model3 H6 S7 CS75 Q5 K5",
}


@dataclass(frozen=True, slots=True)
class Sample:
    """A post. spans: (first, after last, kind as in the mask without brackets) in order, empty for look-alikes;
    kind: what the row is about, a kind of personal data or of look-alike."""

    text: str
    spans: tuple[Span, ...]
    kind: str


def personal(count: int, seed: int) -> list[Sample]:
    """`count` posts with personal data, the kinds in turn; a quarter holds a second kind, a fifth a look-alike as well."""
    r = random.Random(f"personal {seed}")  # noqa: S311 not for secrets
    kinds = list(PERSONAL)
    return [_personal(kinds[index % len(kinds)], r) for index in range(count)]


def lookalikes(count: int, seed: int) -> list[Sample]:
    """`count` posts without personal data but with something that looks like it, the kinds in turn."""
    r = random.Random(f"lookalikes {seed}")  # noqa: S311 not for secrets
    kinds = list(LOOKALIKES)
    return [_lookalike(kinds[index % len(kinds)], r) for index in range(count)]


def _personal(kind: str, r: random.Random) -> Sample:
    frames = [r.choice(PERSONAL[kind])]
    if r.random() < _SECOND:
        frames.append(r.choice(PERSONAL[r.choice(list(PERSONAL))]))
    if r.random() < _BESIDE:
        frames.append(r.choice(LOOKALIKES[r.choice(list(LOOKALIKES))]))
    r.shuffle(frames)
    return _woven(frames, kind, r)


def _lookalike(kind: str, r: random.Random) -> Sample:
    frames = [r.choice(LOOKALIKES[kind])]
    if r.random() < _SECOND:
        frames.append(r.choice(LOOKALIKES[r.choice(list(LOOKALIKES))]))
    return _woven(frames, kind, r)


def _woven(frames: Sequence[str], kind: str, r: random.Random) -> Sample:
    """The frames as one post. A part that begins or ends with a sentence sign brings its own; otherwise one is put between."""
    frame = r.choice(["。", "；", "！", "\n", "。"]).join(frames)
    return _filled(r.choice(_HEADS) + frame + r.choice(_TAILS), kind, r)


def _filled(frame: str, kind: str, r: random.Random) -> Sample:
    """`frame` with every {slot} drawn; the slots of `PERSONAL` are noted as spans."""
    text, spans = "", []
    for plain, slot, _, _ in Formatter().parse(frame):
        text += plain
        if slot is None:
            continue
        value = MAKERS[slot](r)
        if slot in SLOTS:
            spans.append((len(text), len(text) + len(value), SLOTS[slot]))
        text += value
    return Sample(text, tuple(spans), kind)


def _digits(r: random.Random, count: int) -> str:
    return "".join(r.choices("0123456789", k=count))


def _grouped(number: str, sizes: Sequence[int], r: random.Random) -> str:
    """`number` as people type it: plain in half of the cases, else in groups, full-width or with characters nobody sees."""
    if r.random() < 0.5:
        return number
    groups, at = [], 0
    for size in sizes:
        groups.append(number[at : at + size])
        at += size
    joined = r.choice([" ", "-", " ", "\u3000", "\u200b", "－", "  ", "–"]).join(group for group in groups if group)
    return r.choice([joined, joined, number.translate(_WIDE), "\u200b".join(number), " ".join(number)])


def _mobile(r: random.Random) -> str:
    number = "1" + r.choice("3456789") + _digits(r, 9)
    return r.choice(["", "", "", "", "+86", "+86 ", "0086", "+86-", "86-"]) + _grouped(
        number, r.choice([(3, 4, 4), (5, 6), (4, 3, 4), (3, 3, 5)]), r
    )


def identity_check(body: str) -> str:
    """The check character of 17 digits of an identity card (GB 11643-1999, ISO 7064 MOD 11-2)."""
    return "10X98765432"[sum(int(digit) * pow(2, 17 - at, 11) for at, digit in enumerate(body)) % 11]


def _identity(r: random.Random) -> str:
    area, born = r.choice(_AREAS), f"{r.randint(1, 12):02}{r.randint(1, 28):02}"
    if r.random() < 0.2:
        return _grouped(f"{area}{r.randint(28, 99)}{born}{_digits(r, 3)}", (6, 6, 3), r)
    body = f"{area}{r.randint(1930, 2022)}{born}{_digits(r, 3)}"
    number = body + identity_check(body)
    return _grouped(r.choice([number, number.lower()]), r.choice([(6, 8, 4), (3, 3, 4, 4, 4), (4, 4, 4, 4, 2)]), r)


def luhn_check(body: str) -> str:
    """The check digit of a bank card (ISO/IEC 7812-1)."""
    doubled = [int(digit) * (1 if at % 2 else 2) for at, digit in enumerate(reversed(body))]
    return str(-sum(value - 9 if value > 9 else value for value in doubled) % 10)


def _card(r: random.Random) -> str:
    bank = r.choice(_BANKS)
    body = bank + _digits(r, 9 if bank in {"436742", "625955", "622588", "356895"} else 12)
    return _grouped(body + luhn_check(body), (4, 4, 4, 4, 3), r)


def _email(r: random.Random) -> str:
    name = r.choice(["zhang.wei", "li_na", "wangfang", "chenjie-", "happy", "Lucky.Star", "xm", "a", ""])
    host = r.choice(
        [
            "qq.com",
            "163.com",
            "126.com",
            "sina.com",
            "gmail.com",
            "foxmail.com",
            "hnu.edu.cn",
            "vip.qq.com",
            "139.com",
            "outlook.com",
        ]
    )
    return f"{name}{r.randint(10, 999_999_999)}{r.choice(['@', '@', '@', '＠'])}{host}"


def _wechat(r: random.Random) -> str:
    name = r.choice(_LETTERS + _LETTERS.lower()).lower() + "".join(
        r.choices("abcdefghijkmnopqrstuvwxyz0123456789_-", k=r.randint(5, 15))
    )
    return r.choice(
        [name, name, f"wxid_{name[:10]}x", f"{r.choice(['li', 'wang', 'zhou'])}{_digits(r, 6)}", name.capitalize()]
    )


def _plate(r: random.Random) -> str:
    head = r.choice("湘湘湘京粤沪鄂赣苏浙川渝鲁豫冀晋皖闽桂琼贵云陕甘青宁新蒙辽吉黑津藏") + r.choice("ABCDEFGHJKL")
    mixed = "".join(r.choices(_LETTERS.replace("I", "") + "0123456789" * 3, k=4)) + r.choice("0123456789")
    tail = r.choice(
        [_digits(r, 5), mixed, _digits(r, 5), r.choice("DF") + _digits(r, 5), _digits(r, 5) + r.choice("DF")]
    )
    return r.choice([head + r.choice(["", "", "·", " ", "-", "•", "."]) + tail, (head + tail).lower()])


def _landline(r: random.Random) -> str:
    number = r.choice("2345678") + _digits(r, 7)
    area = r.choice(["0731", "010", "021", "0755", "028"])
    short = r.choice(["0739", "0736", "0598"]), r.choice("2345678") + _digits(r, 6)
    shapes = [number, f"{area}-{number}", f"({area}){number}", f"（{area}）{number}", f"{area} {number}", f"{area}{number}",
              f"{area}—{number}", f"{number[:4]} {number[4:]}", "-".join(short), f"{area}-{number}".translate(_WIDE)]  # fmt: skip
    return r.choice(shapes)


def _door(r: random.Random) -> str:
    house, unit, floor, side = r.randint(1, 38), r.randint(1, 4), r.randint(1, 32), r.randint(1, 8)
    room, block = f"{floor}{side:02}", r.choice(["栋", "栋", "幢", "号楼", "#", "座", "＃楼"])
    shapes = [
        f"{house}{block}{room}", f"{house}{block}{room}室", f"{house}栋{unit}单元{room}", f"{house}号楼{unit}单元{room}室",
        f"{house}栋{unit}单元{floor}楼", f"{house}-{unit}-{room}", f"{r.choice(_LETTERS[:6])}座{room}", f"{house}栋{room}房",
        f"{r.choice(_CHINESE)}栋{r.choice(_CHINESE)}单元{room}", f"{r.choice(_LETTERS[:4])}{house}栋{room}", f"{house}栋{floor}楼{room}",
        f"{house}栋 {unit}单元 {room}", f"{house}#{unit}单元{room}", f"{house}号楼{unit}单元{floor}楼{r.choice('东西')}户",
        f"{house}栋{r.choice(['', '第'])}{unit}单元{room}号", f"{house}幢{unit}门{room}", f"{house}栋{unit}-{room}",
        f"{house}栋{room}".translate(_WIDE), f"{house}栋{r.choice(_CHINESE)}单元{r.choice(_CHINESE)}楼", f"{house}栋，{room}室",
    ]  # fmt: skip
    return r.choice(shapes)


def _house(r: random.Random) -> str:
    number = r.randint(1, 998)
    return r.choice(
        [
            f"{number}号",
            f"{number}号",
            f"{number}号",
            f"{number}-{r.randint(1, 9)}号",
            f"{number}号附{r.randint(1, 9)}号",
        ]
    )


def _name(r: random.Random) -> str:
    return r.choice(_SURNAMES if r.random() < 0.95 else _COMPOUND) + r.choice(_GIVEN)


def _alike(r: random.Random) -> str:
    """A number nobody is called by, written as a look-alike's slot wants it."""
    return r.choice([_digits(r, r.randint(11, 19)), f"{r.randint(2015, 2026)}{r.randint(1, 12):02}{r.randint(1, 28):02}{_digits(r, r.randint(4, 10))}",
                     "1" + r.choice("3578") + _digits(r, 9)])  # fmt: skip


def _credit(r: random.Random) -> str:
    return (
        r.choice(["91", "92", "52", "12"])
        + r.choice(_AREAS)
        + r.choice(["MA" + "".join(r.choices("0123456789ABCDEFGHJKLMNPQRTUWXY", k=8)), _digits(r, 10)])
    )


def _office(r: random.Random) -> str:
    return f"{r.choice(['0731-', '0731-', '0731', '(0731)', '', '010-', '0731 '])}8{_digits(r, 7)}"


def _service(r: random.Random) -> str:
    return r.choice(["400-", "400", "400 ", "800-"]) + r.choice(["{}-{}", "{}{}"]).format(_digits(r, 3), _digits(r, 4))


def _date(r: random.Random) -> str:
    y, m, d, hour, minute = (
        r.randint(2008, 2026),
        r.randint(1, 12),
        r.randint(1, 28),
        r.randint(0, 23),
        r.randint(0, 59),
    )
    return r.choice([f"{y}年{m}月{d}日", f"{y}-{m:02}-{d:02}", f"{y}/{m}/{d}", f"{y}{m:02}{d:02}", f"{y}.{m}.{d}", f"{m}/{d}/{y}", f"{d}-{m}-{y}",
                     f"{y}年{m}月{d}日{hour}时{minute:02}分", f"{y}-{m:02}-{d:02} {hour:02}:{minute:02}:08", f"{y}{m:02}{d:02}{hour:02}{minute:02}",
                     f"{y}.{m}.{d}-{y + 1}.{m}.{d}", f"{m}月{d}号", f"{y}{m:02}{d:02}{hour:02}{minute:02}36", f"{y % 100}年{m}月{d}号"])  # fmt: skip


def _between(low: int, high: int) -> Make:
    return lambda r: str(r.randint(low, high))


def _of(words: str) -> Make:
    choices = words.split()
    return lambda r: r.choice(choices)


# Slots whose values are personal, and the kind of each.
SLOTS = {"mobile": "手机号", "identity": "身份证号", "card": "银行卡号", "email": "邮箱", "qq": "QQ号", "wechat": "微信号", "plate": "车牌号",
         "landline": "固定电话", "door": "住址", "house": "住址", "name": "姓名"}  # fmt: skip
MAKERS: dict[str, Make] = {
    "mobile": _mobile, "identity": _identity, "card": _card, "email": _email, "wechat": _wechat, "plate": _plate, "landline": _landline,
    "door": _door, "house": _house, "name": _name, "qq": lambda r: str(r.randint(10_000, 3_999_999_999)), "surname": _of(" ".join(_SURNAMES)),
    "number": _alike, "credit": _credit, "office": _office, "date": _date, "official": _name, "small": _between(1, 60), "hundred": _between(101, 999),
    "room": lambda r: f"{r.randint(1, 32)}{r.randint(1, 8):02}", "thousand": _between(1_000, 9_999), "million": _between(10_000, 99_999_999),
    "cents": lambda r: f"{r.randint(1, 99_999)}.{r.randint(0, 99):02}", "letters": lambda r: "".join(r.choices(_LETTERS, k=2)),
    "clock": lambda r: f"{r.randint(0, 23)}:{r.randint(0, 59):02}", "year": _between(2008, 2026), "five": _between(10_000, 99_999),
    "service": _service,
    **{name: _of(words) for name, words in _WORDS.items()},
}  # fmt: skip
