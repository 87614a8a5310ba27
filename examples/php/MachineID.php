<?php

declare(strict_types=1);

/**
 * MachineID.php - the client of the MachineID authority, through FFI. Needs libmachineid, and Library.php beside this
 * file; PHP 8.1 or newer.
 *
 *     $client = Client::fromEnv(['timeout_ms' => 2000]);
 *     $client->register('agent-01');
 *     if ($client->isAllowed('agent-01')) work();
 *
 *     $guard = $client->guard('agent-01', ['interval_ms' => 1000]);
 *     while ($guard->isAllowed()) step();
 *
 * isAllowed(), validate() and validateMany() return true or false, as isAllowed() of a guard does. Nothing else says
 * whether the device may run: every object is true in a condition, so no object stands for a denial. require() returns
 * the decision when it is to allow, and throws Error otherwise; guard() throws for a device that is denied.
 *
 * A call blocks its process until there is an answer or timeout_ms has passed; max_execution_time and pcntl_alarm() do
 * not end it early. A child of pcntl_fork() may continue to use the client. Under a web server FFI has to be enabled:
 * ffi.enable=1.
 */

namespace MachineID;

require_once __DIR__ . '/Library.php';

/** The version of the loaded library. */
function version(): string
{
    return Library::get()->mid_version();
}

/** The status of a call. */
enum Status: int
{
    case Ok = 0;
    case Refused = 1;
    case InvalidArgument = 100;
    case InvalidOptions = 101;
    case NoOrgKey = 102;
    case ResolveFailed = 200;
    case ConnectFailed = 201;
    case TlsFailed = 202;
    case TransferFailed = 203;
    case Timeout = 204;
    case Unavailable = 205;
    case BadReply = 300;
    case Cancelled = 400;
    case OutOfMemory = 401;
    case Internal = 402;
    /** A status from a later version of the library. */
    case Unknown = -1;

    /** The name as in machineid.h, such as MID_TIMEOUT. */
    public function label(): string
    {
        return Library::get()->mid_status_name($this->value);
    }
}

/**
 * There is no reply, because the authority refused or gave no answer. require() also throws this for a denial; the
 * status is then Ok, because the authority decided.
 */
final class Error extends \RuntimeException
{
    public readonly ?string $errorCode;
    public readonly ?string $requestId;

    public function __construct(public readonly Status $status, public readonly array $reply)
    {
        $this->errorCode = Library::code($reply);
        $this->requestId = Library::field($reply, 'request_id');
        $why = $status === Status::Ok
            ? "not allowed: $this->errorCode"
            : "{$status->label()} $this->errorCode: " . Library::field($reply, 'message');
        parent::__construct($why . ($this->requestId === null ? '' : " (request id $this->requestId)"));
    }
}

/** The decision to allow, with the authority's reply. */
final class Decision
{
    public readonly ?string $code;
    public readonly ?string $requestId;

    public function __construct(public readonly Status $status, public readonly array $reply)
    {
        $this->code = Library::code($reply);
        $this->requestId = Library::field($reply, 'request_id');
    }
}

/** A connection to the authority on behalf of one organisation. Make one and keep it. machineid.h lists the options. */
final class Client
{
    private function __construct(private readonly \FFI\CData $handle)
    {
    }

    public static function new(#[\SensitiveParameter] string $orgKey, array $options = []): self
    {
        $key = Library::text('orgKey', $orgKey);
        return self::make(fn (...$rest) => Library::get()->mid_client_new($key, ...$rest), $options);
    }

    /** Takes the org key from the environment variable MACHINEID_ORG_KEY. */
    public static function fromEnv(array $options = []): self
    {
        return self::make(fn (...$rest) => Library::get()->mid_client_from_env(...$rest), $options);
    }

    private static function make(\Closure $new, array $options): self
    {
        $text = Library::text('options', json_encode((object) $options, JSON_THROW_ON_ERROR));
        $client = Library::get()->new('mid_client *');
        Library::checked(fn ($json) => $new($text, \FFI::addr($client), $json));
        return new self($client);
    }

    /** Frees the client, when the last variable that holds it is gone. */
    public function __destruct()
    {
        Library::get()->mid_client_free($this->handle);
    }

    /** There are no clones, because a clone would free the client a second time. */
    private function __clone()
    {
    }

    /** Ends every later call on this client with Status::Cancelled. */
    public function cancel(): void
    {
        Library::get()->mid_client_cancel($this->handle);
    }

    /** May this device run now? False if anything goes wrong. */
    public function isAllowed(string $deviceId): bool
    {
        return $this->ask($deviceId)[0];
    }

    /** The same as isAllowed(). */
    public function validate(string $deviceId): bool
    {
        return $this->isAllowed($deviceId);
    }

    /**
     * Returns the decision when the device may run now. Otherwise throws Error, with the code and the request id for
     * your log.
     */
    public function require(string $deviceId): Decision
    {
        [$allowed, $status, $reply] = $this->ask($deviceId);
        return $allowed ? new Decision($status, $reply) : throw new Error($status, $reply);
    }

    /**
     * May all of these devices run now? True when there are some and all are allowed. They are asked about together,
     * within one timeout_ms for all. $outcomes becomes a list with a Decision for each that is allowed and an Error for
     * each other one, in their order.
     *
     * @param list<string> $deviceIds
     * @param list<Decision|Error> $outcomes
     */
    public function validateMany(array $deviceIds, ?array &$outcomes = null): bool
    {
        $count = count($deviceIds);
        // There is no empty array in C, so there is room for one more.
        $ids = Library::get()->new('char *[' . ($count + 1) . ']');
        $allowed = Library::get()->new('int[' . ($count + 1) . ']');
        $texts = [];
        foreach (array_values($deviceIds) as $n => $deviceId) {
            $id = Library::text('deviceIds', $deviceId) . "\0";
            $texts[] = $text = Library::get()->new('char[' . strlen($id) . ']');
            \FFI::memcpy($text, $id, strlen($id));
            $ids[$n] = Library::get()->cast('char *', \FFI::addr($text));
        }
        [, $told] = Library::call(
            fn ($json) => Library::get()->mid_validate_many($this->handle, $ids, $count, $allowed, $json)
        );
        $outcomes = [];
        $all = $count > 0;
        for ($n = 0; $n < $count; $n++) {
            $reply = array_is_list($told) ? $told[$n] ?? [] : $told;
            $isAllowed = $allowed[$n] === 1;
            $all = $all && $isAllowed;
            $status = Library::statusOfOne($isAllowed, $reply);
            $outcomes[] = $isAllowed ? new Decision($status, $reply) : new Error($status, $reply);
        }
        return $all;
    }

    /**
     * Starts a guard, which keeps the device's permission fresh in the background: it validates once, in this call, and
     * then every interval_ms. Throws Error when the device is denied, or nobody answered.
     */
    public function guard(string $deviceId, array $options = []): Guard
    {
        $id = Library::text('deviceId', $deviceId);
        $text = Library::text('options', json_encode((object) $options, JSON_THROW_ON_ERROR));
        $started = Library::get()->new('mid_guard *');
        $reply = Library::checked(
            fn ($json) => Library::get()->mid_guard_start($this->handle, $id, $text, \FFI::addr($started), $json)
        );
        $guard = new Guard($started);
        return $guard->isAllowed() ? $guard : throw new Error(Status::Ok, $reply);
    }

    private function ask(string $deviceId): array
    {
        $id = Library::text('deviceId', $deviceId);
        $allowed = Library::get()->new('int');
        [$status, $reply] = Library::call(
            fn ($json) => Library::get()->mid_validate($this->handle, $id, \FFI::addr($allowed), $json)
        );
        return [$allowed->cdata === 1, $status, $reply];
    }

    // These return the authority's reply, or throw Error.

    public function register(string $deviceId): array
    {
        return $this->onDevice('mid_register', $deviceId);
    }

    public function revoke(string $deviceId): array
    {
        return $this->onDevice('mid_revoke', $deviceId);
    }

    public function unrevoke(string $deviceId): array
    {
        return $this->onDevice('mid_unrevoke', $deviceId);
    }

    public function restore(string $deviceId): array
    {
        return $this->onDevice('mid_restore', $deviceId);
    }

    public function remove(string $deviceId): array
    {
        return $this->onDevice('mid_remove', $deviceId);
    }

    public function listDevices(): array
    {
        return Library::checked(fn ($json) => Library::get()->mid_list_devices($this->handle, $json));
    }

    public function usage(): array
    {
        return Library::checked(fn ($json) => Library::get()->mid_usage($this->handle, $json));
    }

    private function onDevice(string $operation, string $deviceId): array
    {
        $id = Library::text('deviceId', $deviceId);
        return Library::checked(fn ($json) => Library::get()->$operation($this->handle, $id, $json));
    }
}

/**
 * A device's permission, kept fresh in the background. Client::guard() starts it; it is stopped when the last variable
 * that holds it is gone. Every object is true in a condition, so write isAllowed(). In a child of pcntl_fork() it is
 * off, and the child starts its own.
 */
final class Guard
{
    /** @internal */
    public function __construct(private ?\FFI\CData $handle)
    {
    }

    public function __destruct()
    {
        $this->stop();
    }

    private function __clone()
    {
    }

    /** May the device run now? Look before each step: it takes some nanoseconds in the library, and asks nobody. */
    public function isAllowed(): bool
    {
        return Library::get()->mid_guard_allowed($this->handle) === 1;
    }

    /** Waits until the guard is off, so long at most, and returns whether it is. A lapse may pass; a denial stays. */
    public function waitUntilOff(int $milliseconds): bool
    {
        return Library::get()->mid_guard_wait($this->handle, $milliseconds) === Status::Ok->value;
    }

    /** What the guard knows, as machineid.h describes it for mid_guard_decision(): state, age_ms, decision, ... */
    public function decision(): array
    {
        $allowed = Library::get()->new('int');
        return Library::checked(
            fn ($json) => Library::get()->mid_guard_decision($this->handle, \FFI::addr($allowed), $json)
        );
    }

    /** Stops the guard, in 250 ms at most. It is off then. */
    public function stop(): void
    {
        Library::get()->mid_guard_stop($this->handle);
        $this->handle = null;
    }
}
