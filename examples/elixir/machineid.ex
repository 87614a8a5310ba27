defmodule MachineID.Decision do
  @moduledoc """
  The outcome of `MachineID.validate/2`. Gate on `allowed` and nothing else; log `status`, `code` and `request_id`.
  With any status but `:MID_OK` the authority decided nothing, and nothing is allowed.
  """
  @enforce_keys [:allowed, :status, :code, :request_id, :reply]
  defstruct @enforce_keys
  @type t :: %__MODULE__{allowed: boolean, status: atom, code: String.t(), request_id: String.t() | nil, reply: map}
end

defmodule MachineID.Error do
  @moduledoc "The authority refused, or it could not be asked."
  defexception [:status, :code, :message]
  @type t :: %__MODULE__{status: atom, code: String.t(), message: String.t() | nil}

  @doc false
  def new(status, reply), do: %__MODULE__{status: status, code: MachineID.code(reply), message: reply["message"]}

  @impl true
  def message(error), do: "#{error.status} #{error.code}: #{error.message}"
end

defmodule MachineID.Native do
  @moduledoc false
  @on_load :load

  # machineid_nif.c, compiled to priv/machineid_nif.so of the application :machineid.
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
end

defmodule MachineID do
  @moduledoc """
  The client of the MachineID authority. Needs libmachineid, and jiffy for JSON.

  A call blocks its process until there is an answer or `timeout_ms` has passed; other processes go on. Any number of
  them may share a client, which is freed when the last of them lets go of it.
  """

  alias MachineID.{Decision, Error, Native}

  @opaque client :: reference
  @type device_id :: String.t()
  @type reply :: {:ok, map} | {:error, Error.t()}

  @doc "The version of the loaded library."
  @spec version :: String.t()
  defdelegate version, to: Native

  @doc "Makes a client. `options` are those that machineid.h lists, such as `%{timeout_ms: 2000}`."
  @spec open(String.t(), map) :: {:ok, client} | {:error, Error.t()}
  def open(org_key, options \\ %{}) when is_binary(org_key), do: do_open(org_key, options)

  @doc "Makes a client with the org key from the environment variable MACHINEID_ORG_KEY."
  @spec from_env(map) :: {:ok, client} | {:error, Error.t()}
  def from_env(options \\ %{}), do: do_open(nil, options)

  defp do_open(org_key, options) do
    case Native.open(org_key, IO.iodata_to_binary(:jiffy.encode(options))) do
      {:MID_OK, client, nil} -> {:ok, client}
      {status, _, json} -> {:error, Error.new(status, decode(json))}
    end
  end

  @doc "Ends every call on this client, now and to come, with `:MID_CANCELLED`."
  @spec cancel(client) :: :ok
  defdelegate cancel(client), to: Native

  @doc "May this device run now?"
  @spec validate(client, device_id) :: Decision.t()
  def validate(client, device_id) do
    {status, allowed, json} = Native.validate(client, device_id)
    reply = decode(json)

    %Decision{
      allowed: allowed,
      status: status,
      code: code(reply),
      request_id: reply["request_id"],
      reply: reply
    }
  end

  @spec register(client, device_id) :: reply
  def register(client, device_id), do: result(Native.register(client, device_id))

  @spec revoke(client, device_id) :: reply
  def revoke(client, device_id), do: result(Native.revoke(client, device_id))

  @spec unrevoke(client, device_id) :: reply
  def unrevoke(client, device_id), do: result(Native.unrevoke(client, device_id))

  @doc "The same as `unrevoke/2`."
  @spec restore(client, device_id) :: reply
  def restore(client, device_id), do: result(Native.restore(client, device_id))

  @spec remove(client, device_id) :: reply
  def remove(client, device_id), do: result(Native.remove(client, device_id))

  @spec list_devices(client) :: reply
  def list_devices(client), do: result(Native.list_devices(client))

  @spec usage(client) :: reply
  def usage(client), do: result(Native.usage(client))

  defp result({:MID_OK, nil, json}), do: {:ok, decode(json)}
  defp result({status, nil, json}), do: {:error, Error.new(status, decode(json))}

  defp decode(json), do: :jiffy.decode(json, [:return_maps, :use_nil])

  # An API error of the authority's has "error" where a decision has "code".
  @doc false
  def code(reply), do: reply["code"] || reply["error"]
end
