"""The options of a client, for type checkers. The library checks them when a client is made."""

import os
from typing import Optional, TypedDict, Union


class Options(TypedDict, total=False):
    """What a client may be given. None is the library's default, which machineid.h has."""

    base_url: Optional[str]
    timeout_ms: Optional[int]
    connect_timeout_ms: Optional[int]
    max_retries: Optional[int]
    ca_file: Union[str, "os.PathLike[str]", None]
    ca_path: Union[str, "os.PathLike[str]", None]
    pinned_public_key: Optional[str]
    proxy: Optional[str]
    no_proxy: Optional[str]
    user_agent: Optional[str]
    max_connections: Optional[int]
    max_connection_age_ms: Optional[int]


class EnvironmentOptions(Options, total=False):
    """The same for a client whose org key comes from the environment."""

    env_var: Optional[str]


class GuardOptions(TypedDict, total=False):
    """What a guard may be given."""

    interval_ms: Optional[int]
    max_age_ms: Optional[int]
