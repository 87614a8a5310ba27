<?php

declare(strict_types=1);

/**
 * MachineID.php - the client of the MachineID authority, through FFI. Needs libmachineid; PHP 8.1 or newer.
 *
 *     $client = Client::fromEnv(['timeout_ms' => 2000]);
 *     $client->register('agent-01');
 *     if ($client->isAllowed('agent-01')) work();
 *
 * isAllowed() and validate() return true or false, and nothing else says whether the device may run: every object is
 * true in a condition, so no object stands for a denial. require() returns the decision when it is to allow, and throws
 * Error otherwise.
 *
 * A call blocks its process until there is an answer or timeout_ms has passed; max_execution_time and pcntl_alarm() do
 * not end it early. A child of pcntl_fork() may continue to use the client. Under a web server FFI has to be enabled:
 * ffi.enable=1.
 */

namespace MachineID;

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

/** @internal The functions of libmachineid. */
final class Library
{
    private const DECLARATIONS = <<<'C'
        typedef int32_t mid_status;
        typedef struct mid_client mid_client;
        const char *mid_version(void);
        const char *mid_status_name(mid_status status);
        mid_status mid_client_new(const char *org_key, const char *options, mid_client **client, char **json);
        mid_status mid_client_from_env(const char *options, mid_client **client, char **json);
        void mid_client_cancel(mid_client *client);
        void mid_client_free(mid_client *client);
        mid_status mid_register(mid_client *client, const char *device_id, char **json);
        mid_status mid_validate(mid_client *client, const char *device_id, int *allowed, char **json);
        mid_status mid_list_devices(mid_client *client, char **json);
        mid_status mid_revoke(mid_client *client, const char *device_id, char **json);
        mid_status mid_unrevoke(mid_client *client, const char *device_id, char **json);
        mid_status mid_restore(mid_client *client, const char *device_id, char **json);
        mid_status mid_remove(mid_client *client, const char *device_id, char **json);
        mid_status mid_usage(mid_client *client, char **json);
        void mid_free(char *json);
        C;

    private static ?\FFI $ffi = null;

    public static function get(): \FFI
    {
        return self::$ffi ??= \FFI::cdef(self::DECLARATIONS, 'libmachineid.so.0');
    }

    /**
     * Checks a text for the library. A NUL would cut it short, so that the call would concern another device. Do not
     * use this inside call(): PHP crashes when it prints an exception whose trace holds an FFI pointer that is gone.
     */
    public static function text(string $name, #[\SensitiveParameter] string $text): string
    {
        $isText = preg_match('//u', $text) === 1 && !str_contains($text, "\0");
        return $isText ? $text : throw new \ValueError("\$$name must be UTF-8 without NUL");
    }

    /**
     * Runs a call. Returns its status, and the text from its `json` parameter, parsed and freed. The answer is the
     * library's flag and not this text, so a reply that PHP cannot parse becomes an empty one.
     */
    public static function call(\Closure $call): array
    {
        $json = self::get()->new('char *');
        try {
            $status = Status::tryFrom($call(\FFI::addr($json))) ?? Status::Unknown;
            $reply = \FFI::isNull($json) ? [] : json_decode(\FFI::string($json), true);
            return [$status, $reply ?? []];
        } finally {
            self::get()->mid_free($json);
        }
    }

    public static function checked(\Closure $call): array
    {
        [$status, $reply] = self::call($call);
        return $status === Status::Ok ? $reply : throw new Error($status, $reply);
    }

    /** A member of a reply, if it is a string. */
    public static function field(array $reply, string $key): ?string
    {
        return is_string($reply[$key] ?? null) ? $reply[$key] : null;
    }

    /**
     * The code is in "code" after a decision or a failure of the library, and in "error" after a refusal by the
     * authority.
     */
    public static function code(array $reply): ?string
    {
        return self::field($reply, 'code') ?? self::field($reply, 'error');
    }
}
