"""Who may sign in to the dashboard, for how long, and by which identity provider."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from config.model import Model

RoleName = Literal["visitor", "duty", "analyst", "reviewer", "admin", "auditor"]


class Access(Model):
    """Accounts and sessions of the dashboard."""

    idle_minutes: Annotated[int, Field(ge=5, le=1_440)] = Field(60, description="多少分钟不用就退出")
    session_hours: Annotated[int, Field(ge=1, le=24)] = Field(12, description="登录最多管多少小时，之后要再登录")
    password_length: Annotated[int, Field(ge=8, le=128)] = Field(10, description="密码至少多少个字符")


class Oidc(Model):
    """An OpenID Connect provider of the authority; off while `discovery` is empty."""

    discovery: str = Field(
        "", description="身份提供方的发现地址，形如 https://…/.well-known/openid-configuration；空则不用"
    )
    client_id: str = Field("", description="在身份提供方登记的客户端编号")
    client_secret: SecretStr | None = Field(None, description="客户端密钥。只能由环境变量或 client_secret_file 给出")
    client_secret_file: str | None = Field(None, description="存有客户端密钥的文件")
    name_claim: str = Field("preferred_username", description="哪一项声明是账户名")
    groups_claim: str = Field("groups", description="哪一项声明列出所属的组")
    groups: dict[str, RoleName] = Field({}, description="组名对应的角色；没有对应角色、也没有同名本地账户的人不能进入")
    title: str = Field("", description="登录按钮上的名称，如“单位统一认证”")
