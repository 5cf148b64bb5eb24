"""云水县: its compounds, roads, schools and offices. All made up; likeness to a real place is chance."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

COMPOUNDS = [
    "滨河苑",
    "锦绣家园",
    "翠湖花园",
    "金桂苑",
    "阳光新城",
    "东方雅居",
    "书香名邸",
    "幸福里",
    "凤凰城",
    "云水湾",
    "老粮站家属院",
    "纺织厂宿舍",
]
ROADS = ["人民路", "建设路", "解放街", "滨河大道", "文昌路", "迎宾大道", "育才街", "光明路", "桃园路", "工业大道"]
SCHOOLS = ["实验小学", "城关一小", "城东小学", "县一中", "云水二中", "桃园路幼儿园"]
HOSPITALS = ["县人民医院", "县中医院", "县妇幼保健院"]
TOWNS = ["城关镇", "青石镇", "柳河镇", "白马乡", "大坪乡", "龙泉镇"]
VILLAGES = ("李家坪村 石桥村 柳林村 上湾村 黄泥岗村 双河村 杨树沟村 新塘村 马家冲村 高坡村").split()  # noqa: SIM905  a list of one word a line would not fit a screen
SHOPS = ["惠民超市", "张记米粉", "老街烧烤", "万家福生鲜", "好又多超市", "聚福楼", "一品鲜奶茶店", "城南早市"]
FIRMS = ["宏达建筑公司", "鑫源鞋业", "顺发物流", "云水纺织", "恒盛装饰", "建兴劳务公司", "金穗食品厂", "佳美家政"]
MANAGERS = ["安居物业", "万和物业", "恒信物业", "美家物业", "泰和物业"]
PARKS = ["滨河公园", "人民广场", "文化公园", "体育馆", "云水湖步道"]
RIVERS = ["云水河", "柳河", "青石溪", "南干渠"]
LINES = ["1路", "2路", "3路", "5路", "6路", "8路"]
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘"
GIVEN = [
    "建国",
    "秀英",
    "志强",
    "桂兰",
    "海燕",
    "小军",
    "丽华",
    "国庆",
    "玉梅",
    "晓东",
    "春花",
    "文斌",
    "雪梅",
    "永福",
    "红霞",
    "家明",
    "翠萍",
    "俊杰",
    "淑珍",
    "大勇",
]
NICK_HEADS = [
    "云水",
    "滨河",
    "城东",
    "老街",
    "青石",
    "柳河",
    "风",
    "雨后",
    "小",
    "阿",
    "快乐的",
    "爱吃的",
    "半夜的",
    "路过的",
    "山里",
    "桥头",
    "江南",
    "无名",
    "豆豆",
    "开心",
]
NICK_TAILS = [
    "老王",
    "一枚",
    "人家",
    "过客",
    "妈妈",
    "爸爸",
    "小李",
    "大叔",
    "姐",
    "彩虹",
    "石头",
    "橘子",
    "猫",
    "青年",
    "钓鱼佬",
    "司机",
    "居民",
    "奶茶",
    "小白",
    "2018",
    "66",
    "lee",
]
STAFF = "{s}先生|{s}女士|{s}**|匿名网友|热心市民|云水市民{n}"

Draw = Callable[[random.Random], str]


def _of(values: Sequence[str]) -> Draw:
    return lambda rng: rng.choice(values)


def _number(low: int, high: int) -> Draw:
    return lambda rng: str(rng.randint(low, high))


SLOTS: dict[str, Draw] = {
    "小区": _of(COMPOUNDS),
    "路": _of(ROADS),
    "学校": _of(SCHOOLS),
    "医院": _of(HOSPITALS),
    "乡镇": _of(TOWNS),
    "村": _of(VILLAGES),
    "店": _of(SHOPS),
    "公司": _of(FIRMS),
    "物业": _of(MANAGERS),
    "公园": _of(PARKS),
    "河": _of(RIVERS),
    "线路": _of(LINES),
    "姓": _of(SURNAMES),
    "栋": _number(1, 18),
    "楼": _number(2, 17),
    "天": _of(["两", "三", "四", "五", "六"]),
    "周": _of(["两", "三", "四"]),
    "月": _of(["两", "三", "四", "五", "六"]),
    "年": _of(["两", "三", "五", "六", "八"]),
    "早": _of(["五点多", "六点", "六点半", "七点", "七点多"]),
    "晚": _of(["九点", "十点", "十点半", "十一点", "十二点"]),
    "数": _number(3, 30),
    "分": _number(15, 50),
    "度": _number(11, 16),
    "钱": lambda rng: str(rng.choice((120, 180, 260, 300, 480, 600, 860, 1200, 1800, 3500))),
    "万": _number(2, 9),
    "岁": _number(63, 82),
    "话": lambda rng: f"0738-{rng.randint(4210000, 4299999)}",
}


def nickname(rng: random.Random) -> str:
    """An account name of the forum."""
    return rng.choice(NICK_HEADS) + rng.choice(NICK_TAILS) + (str(rng.randint(1, 99)) if rng.random() < 0.3 else "")


def petitioner(rng: random.Random) -> str:
    """The name shown beside a message of the board."""
    form = rng.choice(STAFF.split("|"))
    return form.format(s=rng.choice(SURNAMES), n=rng.randint(1000, 9999))
