# shellcheck shell=bash
# Makes the folder /emulator of the roots. Source it from the root of the project.

# make_emulator FOLDER: copies the emulator with all libraries that it needs, and the loader, so that it runs in every
# root, whatever that has installed and whatever processor it is for; and the program ask.
make_emulator() {
    local folder=$1 loader
    mkdir -p "$folder/lib"
    cp build/bin/machineid-emulator "$folder/lib/"
    ldd build/bin/machineid-emulator | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' | while read -r library; do
        cp -L "$library" "$folder/lib/"
    done
    loader=$(ldd build/bin/machineid-emulator | sed -n 's/^[[:space:]]*\(\/[^ ]*\) (.*/\1/p')
    cp -L "$loader" "$folder/lib/loader"
    cat >"$folder/machineid-emulator" <<'END'
#!/bin/sh
exec /emulator/lib/loader --library-path /emulator/lib /emulator/lib/machineid-emulator "$@"
END
    cp bindings/lib/ask "$folder/"
    chmod +x "$folder/machineid-emulator" "$folder/ask"
}
