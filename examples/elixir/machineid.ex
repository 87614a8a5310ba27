defmodule MachineID.Decision do
  @moduledoc "The decision to allow, with the authority's reply. A denial has no decision."
  @enforce_keys [:status, :code, :request_id, :reply]
  defstruct @enforce_keys
  @type t :: %__MODULE__{status: atom, code: String.t(), request_id: String.t() | nil, reply: map}
end

defmodule MachineID.Error do
  @moduledoc """
  The authority refused, or it gave no answer. `MachineID.validate!/2` also raises this for a denial; the status is then
  `:MID_OK`, because the authority decided.
  """
  defexception [:status, :code, :message, :request_id, :reply]

  @type t :: %__MODULE__{
          status: atom,
          code: String.t(),
          message: String.t() | nil,
          request_id: String.t() | nil,
          reply: map
        }

  @doc false
  def new(status, reply) do
    %__MODULE__{
      status: status,
      code: MachineID.code(reply),
      message: reply["message"],
      request_id: reply["request_id"],
      reply: reply
    }
  end

  @impl true
  def message(error), do: why(error) <> if(error.request_id, do: " (request id #{error.request_id})", else: "")

  defp why(%{status: :MID_OK} = error), do: "not allowed: #{error.code}"
  defp why(error), do: "#{error.status} #{error.code}: #{error.message}"
end

defmodule MachineID.Native do
  @moduledoc false
  @on_load :load

  # Loads machineid_nif.c, compiled to priv/machineid_nif.so of the application :machineid.
  def load, do: :erlang.load_nif(:filename.join(:code.priv_dir(:machineid), 'machineid_nif'), 0)

  def version, do: :erlang.nif_error(:not_loaded)
  def open(_org_key, _options), do: :erlang.nif_error(:not_loaded)
  def cancel(_client), do: :erlang.nif_error(:not_loaded)
  def register(_client, _device_id), do: :erlang.nif_error(:not_loaded)
  def validate(_client, _device_id), do: :erlang.nif_error(:not_loaded)
  def list_devices(_client), do: :erlang.nif_error(:not_loaded)
  def revoke(_client, _device_id), do: :erlang.nif_error(:not_loaded)
  def unrevoke(_client, _device_id), do: :erlang.nif_error(:not_loaded)
  def restore(_client, _device_id), do: :erlang.nif_error(:not_loaded)
  def remove(_client, _device_id), do: :erlang.nif_error(:not_loaded)
  def usage(_client), do: :erlang.nif_error(:not_loaded)
  def validate_many(_client, _device_ids), do: :erlang.nif_error(:not_loaded)
  def guard_start(_client, _device_id, _options), do: :erlang.nif_error(:not_loaded)
  def guard_allowed(_guard), do: :erlang.nif_error(:not_loaded)
  def guard_decision(_guard), do: :erlang.nif_error(:not_loaded)
  def guard_wait(_guard, _milliseconds), do: :erlang.nif_error(:not_loaded)
  def guard_stop(_guard), do: :erlang.nif_error(:not_loaded)
end

defmodule MachineID do
  @moduledoc """
  The client of the MachineID authority. Needs libmachineid, and jiffy for JSON.

      {:ok, client} = MachineID.from_env(%{timeout_ms: 2000})
      {:ok, _} = MachineID.register(client, "agent-01")
      if MachineID.allowed?(client, "agent-01"), do: work()

  `allowed?/2`, `validate/2` and `validate_many/2` return true or false, and nothing else says whether the device may
  run: a tuple or a struct is always true in a condition, so none stands for a denial. `validate!/2` returns the
  decision when it is to allow, and raises `MachineID.Error` otherwise. `MachineID.Guard` keeps the permission fresh.

  A call blocks its process until there is an answer or `timeout_ms` has passed; other processes go on. Any number of
  processes may share a client, which is freed when none refers to it any more.
  """

  alias MachineID.{Decision, Error, Native}

  @opaque client :: reference
  @type device_id :: String.t()
  @type reply :: {:ok, map} | {:error, Error.t()}

  @doc "The version of the loaded library."
  @spec version :: String.t()
  defdelegate version, to: Native

  @doc "Makes a client. machineid.h lists the `options`, such as `%{timeout_ms: 2000}`."
  @spec open(String.t(), map) :: {:ok, client} | {:error, Error.t()}
  def open(org_key, options \\ %{}), do: do_open(text(:org_key, org_key), options)

  @doc "Makes a client with the org key from the environment variable MACHINEID_ORG_KEY."
  @spec from_env(map) :: {:ok, client} | {:error, Error.t()}
  def from_env(options \\ %{}), do: do_open(nil, options)

  defp do_open(org_key, options) do
    case Native.open(org_key, text(:options, encode(options))) do
      {:MID_OK, client, nil} -> {:ok, client}
      {status, _, json} -> {:error, Error.new(status, decode(json))}
    end
  end

  @doc "Ends every call in progress and every later call on this client with `:MID_CANCELLED`."
  @spec cancel(client) :: :ok
  defdelegate cancel(client), to: Native

  @doc "May this device run now? False if anything goes wrong."
  @spec allowed?(client, device_id) :: boolean
  def allowed?(client, device_id) do
    {_status, allowed, _json} = Native.validate(client, text(:device_id, device_id))
    allowed == true
  end

  @doc "The same as `allowed?/2`."
  @spec validate(client, device_id) :: boolean
  def validate(client, device_id), do: allowed?(client, device_id)

  @doc """
  Returns the decision when the device may run now. Otherwise raises `MachineID.Error`, with the code and the request id
  for your log.
  """
  @spec validate!(client, device_id) :: Decision.t()
  def validate!(client, device_id) do
    {status, allowed, json} = Native.validate(client, text(:device_id, device_id))
    reply = decode(json)
    if allowed != true, do: raise(Error.new(status, reply))
    decision(status, reply)
  end

  @doc """
  May all of these devices run now? True when there are some and all are allowed. They are asked about together, within
  one `timeout_ms` for all. Calls `each` with every device, in order, and with its decision, or the error that
  `validate!/2` would have raised.
  """
  @spec validate_many(client, [device_id], (device_id, Decision.t() | Error.t() -> any)) :: boolean
  def validate_many(client, device_ids, each \\ fn _device_id, _outcome -> nil end) do
    {_status, flags, json} = Native.validate_many(client, Enum.map(device_ids, &text(:device_ids, &1)))
    told = decode(json)
    replies = if is_list(told), do: told, else: List.duplicate(told, length(flags))

    for {device_id, allowed, reply} <- Enum.zip([device_ids, flags, replies]) do
      each.(device_id, one_of_many(allowed, reply))
    end

    flags != [] and Enum.all?(flags)
  end

  # The library returns one status for all devices, so that of each comes from its reply.
  defp one_of_many(true, reply), do: decision(:MID_OK, reply)
  defp one_of_many(false, %{"allowed" => _} = reply), do: Error.new(:MID_OK, reply)
  defp one_of_many(false, %{"code" => "CLIENT_" <> name} = reply), do: Error.new(:"MID_#{name}", reply)
  defp one_of_many(false, reply), do: Error.new(:MID_REFUSED, reply)

  defp decision(status, reply) do
    %Decision{status: status, code: code(reply), request_id: reply["request_id"], reply: reply}
  end

  @spec register(client, device_id) :: reply
  def register(client, device_id), do: result(Native.register(client, text(:device_id, device_id)))

  @spec revoke(client, device_id) :: reply
  def revoke(client, device_id), do: result(Native.revoke(client, text(:device_id, device_id)))

  @spec unrevoke(client, device_id) :: reply
  def unrevoke(client, device_id), do: result(Native.unrevoke(client, text(:device_id, device_id)))

  @doc "The same as `unrevoke/2`."
  @spec restore(client, device_id) :: reply
  def restore(client, device_id), do: result(Native.restore(client, text(:device_id, device_id)))

  @spec remove(client, device_id) :: reply
  def remove(client, device_id), do: result(Native.remove(client, text(:device_id, device_id)))

  @spec list_devices(client) :: reply
  def list_devices(client), do: result(Native.list_devices(client))

  @spec usage(client) :: reply
  def usage(client), do: result(Native.usage(client))

  defp result({:MID_OK, nil, json}), do: {:ok, decode(json)}
  defp result({status, nil, json}), do: {:error, Error.new(status, decode(json))}

  # The answer is the library's flag and not the reply's text, so a reply that jiffy cannot parse becomes an empty map
  # and does not raise.
  @doc false
  def decode(json) do
    :jiffy.decode(json, [:return_maps, :use_nil])
  catch
    _kind, _reason -> %{}
  end

  # jiffy's exceptions contain the text that it cannot encode, and an option may be a proxy with its password, so they
  # are not passed on.
  @doc false
  def encode(options) do
    try do
      IO.iodata_to_binary(:jiffy.encode(options))
    catch
      _kind, _reason -> nil
    end || raise(ArgumentError, "options must be a map that JSON can hold, with texts of UTF-8")
  end

  # A NUL would cut the text short, and invalid UTF-8 might become another text, so that the call would concern another
  # device. The message does not show the value, which may be the org key.
  @doc false
  def text(name, value) do
    unless is_binary(value) and String.valid?(value) and not String.contains?(value, <<0>>) do
      raise ArgumentError, "#{name} must be a string of UTF-8 without NUL"
    end

    value
  end

  # An API error from the authority has "error" where a decision has "code".
  @doc false
  def code(reply), do: reply["code"] || reply["error"]
end

defmodule MachineID.Guard do
  @moduledoc """
  A device's permission, kept fresh in the background.

      guard = MachineID.Guard.start!(client, "agent-01", %{interval_ms: 1000})
      if MachineID.Guard.allowed?(guard), do: step()

  It is stopped when nothing refers to it any more, if not before. It ends with its client, which it does not hold.
  """

  alias MachineID.{Error, Native}

  @opaque t :: reference

  @doc """
  Starts a guard: it validates once, in this call, and then every `interval_ms`. Raises `MachineID.Error` when the
  device is denied, or nobody answered.
  """
  @spec start!(MachineID.client(), MachineID.device_id(), map) :: t
  def start!(client, device_id, options \\ %{}) do
    {id, text} = {MachineID.text(:device_id, device_id), MachineID.text(:options, MachineID.encode(options))}
    {status, guard, json} = Native.guard_start(client, id, text)
    unless allowed?(guard), do: raise(Error.new(status, MachineID.decode(json)))
    guard
  end

  @doc "May the device run now? Look before each step: it takes some nanoseconds in the library, and asks nobody."
  @spec allowed?(t) :: boolean
  defdelegate allowed?(guard), to: Native, as: :guard_allowed

  @doc """
  Waits until the guard is off, so many milliseconds at most, and returns whether it is. A lapse may pass; a denial
  stays.
  """
  @spec wait_until_off(t, non_neg_integer) :: boolean
  defdelegate wait_until_off(guard, milliseconds), to: Native, as: :guard_wait

  @doc "What the guard knows, as machineid.h describes it for mid_guard_decision(): \"state\", \"decision\" and so on."
  @spec decision(t) :: map
  def decision(guard) do
    {_status, _allowed, json} = Native.guard_decision(guard)
    MachineID.decode(json)
  end

  @doc "Stops the guard, in 250 ms at most. It is off then."
  @spec stop(t) :: :ok
  defdelegate stop(guard), to: Native, as: :guard_stop
end
