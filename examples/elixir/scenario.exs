# scenario.exs - every operation of machineid.ex, and the ways in which they fail.
defmodule Scenario do
  @device "worker:prod:queue-consumer:07"

  def run do
    IO.puts("version #{MachineID.version()}")
    {:ok, client} = MachineID.from_env()

    IO.puts("register: #{status_and(MachineID.register(client, @device), "status")}")
    IO.puts("register again: #{status_and(MachineID.register(client, @device), "status")}")
    decision = outcome(client, @device)
    IO.puts("validate: #{status_and_allowed(decision)} code=#{decision.code}")
    if MachineID.validate(client, @device), do: IO.puts("work: one unit done")
    IO.puts("threads: #{validate_in_processes(client)} of 32 allowed")

    IO.puts("revoke: #{status(MachineID.revoke(client, @device))}")
    decision = outcome(client, @device)
    length = String.length(decision.request_id)
    IO.puts("validate: #{status_and_allowed(decision)} code=#{decision.code} request_id=#{length} characters")
    IO.puts("register revoked: #{status_and(MachineID.register(client, @device), "status")}")
    IO.puts("unrevoke: #{status(MachineID.unrevoke(client, @device))}")
    decision = outcome(client, @device)
    IO.puts("validate: #{status_and_allowed(decision)} code=#{decision.code}")
    IO.puts("restore: #{status(MachineID.restore(client, @device))}")

    {:ok, list} = MachineID.list_devices(client)
    IO.puts("list: MID_OK #{length(list["devices"])} device")
    IO.puts("usage: #{status_and(MachineID.usage(client), "planTier")}")
    IO.puts("umlaut device: #{status_and_allowed(outcome(client, "wörker:prod:07"))}")
    never_registered(client)
    many(client)
    guards(client)
    IO.puts("remove: #{status(MachineID.remove(client, @device))}")
    {:error, error} = MachineID.remove(client, @device)
    IO.puts("remove again: #{error.status} #{error.code} request_id=#{String.length(error.request_id)} characters")

    {:error, error} = MachineID.from_env(%{timeout: 1})
    IO.puts("wrong option: #{error.status} #{error.code} #{Regex.run(~r/timeout/, error.message)}")
    decision = outcome(client, "")
    IO.puts("no device: #{decision.status} #{decision.code}")
    refused("NUL", client, "a\0b")
    refused("surrogate", client, <<"w", 0xED, 0xA0, 0x80>>)
    refused("null", client, nil)
    secret([fn key -> MachineID.open(key) end, fn text -> MachineID.from_env(%{proxy: text}) end])

    # The reply holds unusual numbers. Its answer counts all the same.
    {:ok, odd} = MachineID.open("org_runtimes", %{base_url: System.fetch_env!("MACHINEID_ODD_URL")})
    true = MachineID.allowed?(odd, @device)
    IO.puts("odd numbers: #{status_and_allowed(outcome(odd, @device))}")

    # An outage is neither an answer nor a refusal: the next call may bring an answer.
    {:ok, out} = MachineID.open("org_outage", %{base_url: System.fetch_env!("MACHINEID_OUTAGE_URL"), max_retries: 0})
    decision = outcome(out, @device)
    IO.puts("outage: #{status_and_allowed(decision)} #{decision.code}")
    IO.puts("outlived: #{status_and_allowed(outcome(out, @device))}")

    {:ok, unreachable} = MachineID.open("org_runtimes", %{base_url: "http://127.0.0.1:1", max_retries: 0})
    decision = outcome(unreachable, @device)
    IO.puts("unreachable: #{status_and_allowed(decision)} #{decision.code}")
    MachineID.cancel(unreachable)
    IO.puts("cancelled: #{status_and_allowed(outcome(unreachable, @device))}")
  end

  # The result of validate!: a decision or an error. Both have a status, a code and a request id.
  defp outcome(client, device) do
    MachineID.validate!(client, device)
  rescue
    error in MachineID.Error -> error
  end

  # Asks about a device that was never registered, in the conditions that a programmer is likely to write first; none
  # may let it work.
  defp never_registered(client) do
    done = [
      if(MachineID.validate(client, "never"), do: "if"),
      if(MachineID.allowed?(client, "never"), do: "if allowed?"),
      unless(!MachineID.validate(client, "never"), do: "unless"),
      MachineID.validate(client, "never") && "and",
      cond do
        MachineID.validate(client, "never") -> "cond"
        true -> nil
      end,
      case MachineID.validate(client, "never") do
        denied when denied in [false, nil] -> nil
        _ -> "case"
      end
    ]

    done = Enum.filter(done, & &1)
    IO.puts("never registered: #{if done == [], do: "nothing done", else: Enum.join(done, ", ")}")
    error = outcome(client, "never")
    length = String.length(error.request_id)
    IO.puts("never registered: #{error.status} #{error.code} request_id=#{length} characters")
    true = Exception.message(error) =~ error.request_id
  end

  # Asks about several devices in one call. One that cannot be asked about costs only that device its decision.
  defp many(client) do
    each = fn _device, outcome -> send(self(), outcome) end
    MachineID.validate_many(client, [@device, "never", "", @device], each)
    outcomes = for _ <- 1..4, do: receive(do: (outcome -> outcome))
    flags = Enum.map(outcomes, &if(is_struct(&1, MachineID.Decision), do: 1, else: 0))
    IO.puts("many: #{Enum.join(flags, " ")}")
    IO.puts("many: #{Enum.map_join(outcomes, " ", & &1.code)}")

    word = if MachineID.validate_many(client, [], each), do: "work", else: "none asked"
    IO.puts("many: #{word}, #{receive(do: (_ -> 1), after: (0 -> 0))} decisions")
    done = if MachineID.validate_many(client, [@device, "never"]), do: "if", else: "nothing done"
    IO.puts("many, one never registered: #{done}")
    true = MachineID.validate_many(client, [@device, @device])
  end

  # Starting a guard for a device that is denied is an error, so that no condition on one is true.
  defp guards(client) do
    guard = MachineID.Guard.start!(client, @device, %{interval_ms: 50})
    IO.puts("guard: #{on_or_off(guard)}")
    {:ok, _} = MachineID.revoke(client, @device)
    unless MachineID.Guard.wait_until_off(guard, 30_000), do: IO.puts("guard: on 30 s after a revoke")
    %{"state" => state, "decision" => decision} = MachineID.Guard.decision(guard)
    length = String.length(decision["request_id"])
    IO.puts("guard: #{state} after a revoke, #{decision["code"]} request_id=#{length} characters")
    {:ok, _} = MachineID.unrevoke(client, @device)
    still = if MachineID.Guard.allowed?(guard), do: "on", else: "still #{MachineID.Guard.decision(guard)["state"]}"
    IO.puts("guard: #{still} after an unrevoke")
    MachineID.Guard.stop(guard)
    true = MachineID.Guard.wait_until_off(guard, 30_000)
    IO.puts("guard, stopped: #{on_or_off(guard)}")

    done =
      try do
        if MachineID.Guard.start!(client, "never"), do: "if", else: "start!"
      rescue
        error in MachineID.Error -> if error.code == "DEVICE_NOT_REGISTERED", do: "nothing done", else: error.code
      end

    IO.puts("guard, never registered: #{done}")

    {:ok, other} = MachineID.from_env()
    cancelled = MachineID.Guard.start!(other, @device)
    MachineID.cancel(other)
    IO.puts("guard, cancelled: #{on_or_off(cancelled)}")

    # A process that waits for a guard comes back when another one stops it.
    stopped = MachineID.Guard.start!(client, @device)
    false = MachineID.Guard.wait_until_off(stopped, 0)
    waiting = Task.async(fn -> MachineID.Guard.wait_until_off(stopped, 60_000) end)
    MachineID.Guard.stop(stopped)
    true = Task.await(waiting, 30_000)
  end

  defp on_or_off(guard), do: if(MachineID.Guard.allowed?(guard), do: "on", else: "off")

  # A bad argument must raise the language's argument error, which names the parameter.
  defp refused(step, client, device_id) do
    MachineID.validate(client, device_id)
    IO.puts("#{step}: asked")
  rescue
    error in ArgumentError ->
      is_it = error.message =~ "device_id"
      IO.puts("#{step}: #{if is_it, do: "an argument error that names it", else: error.message}")
  end

  # Gives keys and options that cannot be sent, a charlist among them; the error must not show them.
  defp secret(calls) do
    said =
      for call <- calls, value <- ["org_marker\0", 'org_marker', <<"org_marker", 0xFF>>, {:org_marker}] do
        try do
          case call.(value) do
            {:error, error} -> Exception.message(error)
            {:ok, _client} -> "accepted"
          end
        rescue
          error -> "#{inspect(error)} #{Exception.message(error)}"
        end
      end

    shown = Enum.filter(said, &(&1 =~ "marker" or &1 =~ "111, 114, 103" or &1 == "accepted"))
    IO.puts("secret: #{if shown == [], do: "refused, and not shown", else: Enum.join(shown, ", ")}")
  end

  # Validates in 8 processes, 4 times in each; all of them are inside the library at the same time.
  defp validate_in_processes(client) do
    validate_four = fn -> Enum.count(1..4, fn _ -> MachineID.allowed?(client, @device) end) end

    1..8
    |> Enum.map(fn _ -> Task.async(validate_four) end)
    |> Task.await_many(:infinity)
    |> Enum.sum()
  end

  defp status({:ok, _reply}), do: :MID_OK
  defp status({:error, error}), do: error.status

  defp status_and({:ok, reply}, key), do: "MID_OK #{key}=#{reply[key]}"
  defp status_and({:error, error}, _key), do: error.status

  defp status_and_allowed(%MachineID.Decision{} = decision), do: "#{decision.status} allowed=1"
  defp status_and_allowed(error), do: "#{error.status} allowed=0"
end

Scenario.run()
