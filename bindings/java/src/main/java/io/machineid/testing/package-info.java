/** The authority for tests: {@link io.machineid.testing.Emulator} starts machineid-emulator on a free port. */
package io.machineid.testing;
