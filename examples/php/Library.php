<?php

declare(strict_types=1);

/** Library.php - the functions of libmachineid, for MachineID.php. */

namespace MachineID;

/** @internal */
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
        mid_status mid_validate_many(mid_client *client, char **device_ids, size_t count, int *allowed, char **json);
        typedef struct mid_guard mid_guard;
        mid_status mid_guard_start(mid_client *client, const char *device_id, const char *options, mid_guard **guard,
                                   char **json);
        int mid_guard_allowed(const mid_guard *guard);
        mid_status mid_guard_wait(mid_guard *guard, int32_t timeout_ms);
        mid_status mid_guard_decision(mid_guard *guard, int *allowed, char **json);
        void mid_guard_stop(mid_guard *guard);
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

    /** The status of one device among many: the library returns one for all. */
    public static function statusOfOne(bool $isAllowed, array $reply): Status
    {
        if ($isAllowed || is_bool($reply['allowed'] ?? null)) {
            return Status::Ok;
        }
        $name = 'MID_' . substr(self::code($reply) ?? '', strlen('CLIENT_'));
        foreach (Status::cases() as $status) {
            if ($status !== Status::Unknown && $status->label() === $name) {
                return $status;
            }
        }
        return Status::Refused;
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
