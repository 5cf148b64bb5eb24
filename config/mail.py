"""Settings of the mail server."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator

from config.model import Model
from config.text import tr

# What any server takes without SMTPUTF8; nothing that could end a header or an SMTP command.
ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)*"
)
_DAY_S = 86_400.0


def mail_address(value: str) -> str:
    """`value` where it is an address mail can be sent to. Raises ValueError for anything else."""
    if len(value) <= 254 and ADDRESS.fullmatch(value):
        return value
    raise ValueError(tr("应为邮箱地址，如 zhiban@example.gov.cn", "must be an address, such as duty@example.gov.cn"))


class Mail(Model):
    """The mail server; unset host means no mail."""

    host: str = Field("", description="SMTP 服务器；空则不发邮件")
    port: Annotated[int, Field(ge=1, le=65535)] = Field(587, description="端口")
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="加密方式；服务器不提供时不发，从不退回明文"
    )
    ca_file: str = Field("", description="自建 CA 的证书文件；空则用系统信任的")
    user: str = Field("", description="登录名")
    password: SecretStr | None = Field(
        None, description="密码，只能由环境变量 QINGYU_MAIL__PASSWORD 或 password_file 给出"
    )
    password_file: str | None = Field(None, description="存有密码的文件")
    sender: str = Field("", description="发件人地址；发邮件时必填")
    sender_name: str = Field("晴雨", max_length=60, description="发件人显示的名称")
    list_id: str = Field(
        "",
        pattern=r"^$|^[A-Za-z0-9]([A-Za-z0-9.-]{0,120}[A-Za-z0-9])?$",
        description="邮件头 List-Id，收件人可按它归类；空则为 alerts.发件人的域名",
    )
    timeout_s: Annotated[float, Field(gt=0, le=600)] = Field(30.0, description="一步问答的超时（秒）")
    # RFC 5321, 4.5.3.2.6: ten minutes, because a client that gives up earlier makes duplicates (RFC 1047).
    data_timeout_s: Annotated[float, Field(gt=0, le=3600)] = Field(
        600.0, description="正文发完后等服务器收下的秒数；太短会造成重复"
    )
    unknown_wait_s: Annotated[float, Field(ge=0)] = Field(
        600.0, description="不知道服务器收没收下时（正文发完后断线），隔多少秒再发；同一 Message-ID"
    )
    idempotence_s: Annotated[float, Field(ge=60)] = Field(
        3 * _DAY_S, description="同一封信在这段时间里不重发；也是估计邮箱按 Message-ID 认出重复的时间（秒）"
    )

    @field_validator("sender")
    @classmethod
    def _address(cls, value: str) -> str:
        return mail_address(value) if value else value

    @property
    def domain(self) -> str:
        """Of the sender: the right side of every Message-ID."""
        return self.sender.rpartition("@")[2] or "localhost"
