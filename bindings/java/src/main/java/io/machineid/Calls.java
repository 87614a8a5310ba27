package io.machineid;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.function.LongFunction;

/** The calls of a client. */
final class Calls {
    private final Handle handle;
    private final Client owner;

    /** The owner is kept by each call: otherwise the collector might close it meanwhile, which cancels the call. */
    Calls(Handle handle, Client owner) {
        this.handle = handle;
        this.owner = owner;
    }

    /** An operation on a device. */
    interface OnDevice {
        int call(long client, byte[] deviceId, long[] json);
    }

    /** An operation on the organisation. */
    interface OnClient {
        int call(long client, long[] json);
    }

    Reply ask(OnDevice operation, String deviceId) {
        byte[] id = Texts.cString("deviceId", deviceId);
        return ask((client, json) -> operation.call(client, id, json));
    }

    Reply ask(OnClient operation) {
        return use(client -> {
            long[] json = new long[1];
            return Texts.result(operation.call(client, json), json);
        });
    }

    Decision validate(String deviceId) {
        byte[] id = Texts.cString("deviceId", deviceId);
        return use(client -> {
            int[] allowed = new int[1];
            long[] json = new long[1];
            int status = Mid.mid_validate(client, id, allowed, json);
            return new Decision(deviceId, allowed[0] == 1, status, Texts.reply(json));
        });
    }

    Decisions validateMany(Collection<String> deviceIds) {
        List<String> ids = new ArrayList<>(Objects.requireNonNull(deviceIds, "deviceIds must not be null"));
        List<byte[]> texts = new ArrayList<>(ids.size());
        long size = 1;
        for (String id : ids) {
            byte[] text = Texts.cString("deviceIds[" + texts.size() + "]", id);
            texts.add(text);
            size += text.length;
        }
        Memory memory = new Memory(size);
        // An array without an element has no address.
        long[] places = new long[ids.size() + 1];
        long end = 0;
        for (int index = 0; index < places.length - 1; index++) {
            byte[] text = texts.get(index);
            memory.write(end, text, 0, text.length);
            places[index] = Pointer.nativeValue(memory) + end;
            end += text.length;
        }
        return use(client -> {
            int[] allowed = new int[places.length];
            long[] json = new long[1];
            int status = Mid.mid_validate_many(client, places, ids.size(), allowed, json);
            Reference.reachabilityFence(memory);
            return Decisions.of(ids, allowed, status, Texts.taken(json));
        });
    }

    /** Starts a guard, and returns its address. */
    long guard(String deviceId, byte[] options) {
        byte[] id = Texts.cString("deviceId", deviceId);
        return use(client -> {
            long[] guard = new long[1];
            long[] json = new long[1];
            Texts.result(Mid.mid_guard_start(client, id, options, guard, json), json);
            return guard[0];
        });
    }

    void cancel() {
        long client = handle.acquire();
        if (client != 0) {
            try {
                Mid.mid_client_cancel(client);
            } finally {
                handle.release();
            }
        }
    }

    boolean isClosed() {
        return handle.isClosed();
    }

    private <T> T use(LongFunction<T> call) {
        long client = handle.acquire();
        if (client == 0) {
            throw new IllegalStateException("the client is closed; make a new one");
        }
        try {
            return call.apply(client);
        } finally {
            handle.release();
            Reference.reachabilityFence(owner);
        }
    }
}
