# scenario.exs - every operation of machineid.ex, and the ways in which they fail.
defmodule Scenario do
  @device "worker:prod:queue-consumer:07"

  def run do
    IO.puts("version #{MachineID.version()}")
    {:ok, client} = MachineID.from_env()

    IO.puts("register: #{status_and(MachineID.register(client, @device), "status")}")
    IO.puts("register again: #{status_and(MachineID.register(client, @device), "status")}")
    decision = MachineID.validate(client, @device)
    IO.puts("validate: #{status_and_allowed(decision)} code=#{decision.code}")
    if decision.allowed, do: IO.puts("work: one unit done")
    IO.puts("threads: #{validate_in_processes(client)} of 32 allowed")

    IO.puts("revoke: #{status(MachineID.revoke(client, @device))}")
    decision = MachineID.validate(client, @device)
    length = String.length(decision.request_id)
    IO.puts("validate: #{status_and_allowed(decision)} code=#{decision.code} request_id=#{length} characters")
    IO.puts("register revoked: #{status_and(MachineID.register(client, @device), "status")}")
    IO.puts("unrevoke: #{status(MachineID.unrevoke(client, @device))}")
    decision = MachineID.validate(client, @device)
    IO.puts("validate: #{status_and_allowed(decision)} code=#{decision.code}")
    IO.puts("restore: #{status(MachineID.restore(client, @device))}")

    {:ok, list} = MachineID.list_devices(client)
    IO.puts("list: MID_OK #{length(list["devices"])} device")
    IO.puts("usage: #{status_and(MachineID.usage(client), "planTier")}")
    IO.puts("umlaut device: #{status_and_allowed(MachineID.validate(client, "wörker:prod:07"))}")
    IO.puts("remove: #{status(MachineID.remove(client, @device))}")
    IO.puts("remove again: #{status(MachineID.remove(client, @device))}")

    {:error, error} = MachineID.from_env(%{timeout: 1})
    IO.puts("wrong option: #{error.status} #{error.code}")
    decision = MachineID.validate(client, "")
    IO.puts("no device: #{decision.status} #{decision.code}")

    {:ok, unreachable} = MachineID.open("org_runtimes", %{base_url: "http://127.0.0.1:1", max_retries: 0})
    decision = MachineID.validate(unreachable, @device)
    IO.puts("unreachable: #{status_and_allowed(decision)} #{decision.code}")
    MachineID.cancel(unreachable)
    IO.puts("cancelled: #{status_and_allowed(MachineID.validate(unreachable, @device))}")
  end

  # 8 processes, 4 times each, all of them inside the library at the same time.
  defp validate_in_processes(client) do
    validate_four = fn -> Enum.count(1..4, fn _ -> MachineID.validate(client, @device).allowed end) end

    1..8
    |> Enum.map(fn _ -> Task.async(validate_four) end)
    |> Task.await_many(:infinity)
    |> Enum.sum()
  end

  defp status({:ok, _reply}), do: :MID_OK
  defp status({:error, error}), do: error.status

  defp status_and({:ok, reply}, key), do: "MID_OK #{key}=#{reply[key]}"
  defp status_and({:error, error}, _key), do: error.status

  defp status_and_allowed(decision), do: "#{decision.status} allowed=#{if decision.allowed, do: 1, else: 0}"
end

Scenario.run()
