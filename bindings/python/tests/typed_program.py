"""What a type checker makes of programs that use the package. mypy --strict reads this file: it must find each fault
that an ignored error stands for, and no other. Nothing runs it."""

from typing import List, Optional

from libmachineid import AsyncClient, Client, Decision, Decisions, DeniedError, Guard, MachineID


def blocking(client: Client, ids: List[str]) -> Optional[str]:
    decision: Decision = client.validate("agent-01")
    many: Decisions = client.validate_many(ids)
    guard: Guard = client.guard("agent-01", interval_ms=5000)
    if guard and many and decision:
        return decision.code
    try:
        client.require("agent-01")
    except DeniedError as error:
        return error.request_id
    name: str = client.usage()["planTier"]
    return name


def faults(client: Client) -> None:
    if client.validate:  # type: ignore[truthy-function]
        pass
    Client("org_key", timeout=1)  # type: ignore[call-arg]
    Client("org_key", timeout_ms="1")  # type: ignore[arg-type]
    client.guard("agent-01", interval=1)  # type: ignore[call-arg]
    client.validate(None)  # type: ignore[arg-type]
    client.validate_many(None)  # type: ignore[arg-type]


async def waiting(client: AsyncClient) -> bool:
    decision: Decision = await client.validate("agent-01")
    async with client.guard("agent-01") as guard:
        known = await guard.stopped()
    started = await client.guard("agent-01", max_age_ms=60_000)
    return decision.allowed and known.allowed and started.allowed


async def forgotten(client: AsyncClient) -> None:
    allowed: bool = client.validate("agent-01")  # type: ignore[assignment]
    print(allowed)


def vendor() -> bool:
    reply = MachineID.from_env(base_url="https://machineid.io", timeout=5.0).validate("agent-01")
    return bool(reply["allowed"])
