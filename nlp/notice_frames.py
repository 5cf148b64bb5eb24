"""Notices that differ in place, date and number only: frames and fillings of our own, for `nlp.copies_report`."""

from __future__ import annotations

import random
from collections.abc import Iterator

# {p} compound or village, {r} road, {c} town or district, {d} day, {t} time, {n} number, {f} phone, {b} route
FRAMES = (
    "【停水通知】因{r}供水主管抢修，{p}及周边区域将于{d}{t}停水，请居民提前储水，给您带来不便敬请谅解。",
    "停电公告：因线路检修，{d}{t}起{p}停电约{n}小时，请广大用户做好准备。",
    "{p}业主您好，{d}{t}将进行二次供水水箱清洗，期间暂停供水，请提前做好储水准备。",
    "接市民反映，{r}与{r}交叉口路灯不亮已有{n}天，夜间出行很不安全，请尽快安排维修。",
    "因{r}道路施工，{b}路公交车自{d}起临时改道，不经过{p}站，请乘客注意。",
    "{c}疾控中心提醒：{d}在{p}开展核酸采样，时间为{t}，请居民携带身份证有序参加。",
    "{c}人民政府关于{r}棚户区改造项目房屋征收补偿方案公开征求意见的公告，期限至{d}止，联系电话{f}。",
    "燃气公司定于{d}{t}对{p}燃气管道进行置换作业，届时暂停供气，咨询电话{f}。",
    "寻人启事：{d}在{r}附近走失一名{n}岁老人，身穿蓝色外套，如有线索请拨打{f}。",
    "{p}{n}栋电梯故障停运多日，老人小孩上下楼困难，物业一直推脱不修，请相关部门督促。",
    "{r}{n}号门前下水道堵塞，污水横流，臭气熏天，严重影响居民生活，望处理。",
    "{c}将于{d}{t}在{p}举办公益招聘会，提供岗位{n}个，欢迎求职者参加。",
    "通知：{p}定于{d}召开业主大会，选举新一届业主委员会，请业主准时参加。",
    "暴雨预警：预计{d}{t}前后{c}将出现强降雨，雨量可达{n}毫米，请注意防范。",
    "{c}教育局公布{d}起小学入学报名安排，{p}片区划入新学区，咨询电话{f}。",
    "交警提示：{d}{t}{r}实行临时交通管制，请过往车辆绕行{r}。",
    "{p}门口夜市油烟扰民，每晚到{t}还在营业，多次拨打{f}投诉无果。",
    "{c}{p}垃圾站异味严重，垃圾堆放{n}天无人清运，苍蝇蚊子满天飞，请环卫部门处理。",
    "供暖通知：{p}今年供暖时间定于{d}开始，报修电话{f}，请留人在家试水。",
    "{r}积水路段已于{d}{t}恢复通行，请市民放心出行。",
    "{c}社保服务大厅自{d}起搬迁至{r}{n}号办公，对外服务电话{f}，原址不再受理业务。",
    "{p}停车场收费由每小时{n}元上涨，业主事先毫不知情，请物价部门核查是否合规。",
    "{c}农商银行{p}支行因装修自{d}起暂停营业，给您带来的不便敬请谅解。",
    "举报{r}{n}号一家餐馆无证经营，后厨卫生极差，请市场监管部门查处。",
    "学校门口的{r}上下学时段拥堵，{b}路公交进不了站，建议{t}安排交警疏导。",
    "{p}旁边工地夜间施工到{t}，噪音扰民，已持续{n}天，家里有高考生，请制止。",
    "招领启事：{d}在{b}路公交车上拾到黑色钱包一个，请失主到{p}站调度室认领，电话{f}。",
    "{c}文化馆{d}{t}在{p}放映露天电影，免费观看，请自带板凳。",
    "因网络割接，{d}{t}{p}宽带业务将中断{n}小时，请用户知悉，详询{f}。",
    "{c}卫生院定于{d}为{p}六十五岁以上老人免费体检，请空腹前往，联系电话{f}。",
    "消防演练通知：{d}{t}{p}将进行消防演练，届时鸣响警报，请勿惊慌。",
    "{r}{n}号附近共享单车乱停乱放，占用盲道，请城管部门清理。",
    "请问{p}的房产证什么时候能办下来？交房已经{n}年了，开发商一直拖着不办。",
    "{c}长途汽车站{d}加开至{c}班车{n}趟，首班{t}发车，购票电话{f}。",
    "{p}天然气开户通知，{d}{t}工作人员在物业大厅集中办理，逾期请到{r}营业厅办理。",
)  # fmt: skip
_FIRST = (
    "丽",
    "锦",
    "东",
    "金",
    "伊",
    "滨",
    "恒",
    "万",
    "梅",
    "青",
    "福",
    "龙",
    "凤",
    "星",
    "桂",
    "荷",
    "松",
    "云",
    "长",
    "石",
)
_SECOND = (
    "发",
    "景",
    "湖",
    "科",
    "溪",
    "岭",
    "湾",
    "塘",
    "泉",
    "桥",
    "江",
    "泰",
    "源",
    "山",
    "林",
    "和",
    "安",
    "城",
    "盛",
    "华",
)
_COMPOUND = (
    "小区",
    "花园",
    "新城",
    "家园",
    "社区",
    "村",
    "苑",
    "公园",
    "华府",
    "名都",
    "国际",
    "公馆",
    "里",
    "山庄",
    "滨河苑",
)
_ROAD = ("路", "街", "大道", "东路", "西路", "南街", "北路", "巷", "中路")
_TOWN = ("镇", "县", "区", "街道", "乡", "市")


def _name(rng: random.Random, ends: tuple[str, ...]) -> str:
    middle = rng.choice(_SECOND) if rng.random() < 0.3 else ""
    return rng.choice(_FIRST) + rng.choice(_SECOND) + middle + rng.choice(ends)


def _filling(rng: random.Random) -> dict[str, str]:
    day = (
        f"{rng.randint(1, 12)}月{rng.randint(1, 28)}日",
        f"{rng.randint(1, 28)}号",
        f"本周{rng.choice('一二三四五六日')}",
    )
    hour = (
        f"{rng.randint(6, 11)}时至{rng.randint(12, 22)}时",
        f"上午{rng.randint(7, 11)}点",
        f"{rng.randint(13, 21)}:30",
    )
    masked = f"{rng.choice('ABCDEFGHK')}{rng.randint(1, 9)}"
    return {
        "p": _name(rng, _COMPOUND),
        "r": _name(rng, _ROAD),
        "c": masked + rng.choice(("县", "区", "市")) if rng.random() < 0.3 else _name(rng, _TOWN),
        "d": rng.choice(day),
        "t": rng.choice(hour),
        "n": str(rng.randint(2, 300)),
        "f": f"0{rng.randint(310, 999)}-{rng.randint(2_000_000, 8_999_999)}",
        "b": str(rng.randint(1, 960)),
    }


def notices(rng: random.Random, *, each: int = 12) -> Iterator[list[str]]:
    """For each frame `each` notices of other places, days and numbers; every second group differs in one slot only."""
    for frame in FRAMES:
        yield [frame.format(**_filling(rng)) for _ in range(each)]
        slots = [slot for slot in "prcdtnfb" if "{" + slot + "}" in frame]
        kept, moved = _filling(rng), rng.choice(slots)
        yield list(dict.fromkeys(frame.format(**{**kept, moved: _filling(rng)[moved]}) for _ in range(each)))
