// Command zip writes a module as a proxy would serve it: the files VERSION.info, VERSION.mod and VERSION.zip, and list.
//
//	go run ./internal/zip MODULE VERSION FOLDER PROXY
//
// The same files give the same archive, bit for bit.
package main

import (
	"archive/zip"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"
)

func main() {
	if len(os.Args) != 5 {
		log.Fatal("usage: zip MODULE VERSION FOLDER PROXY")
	}
	if err := write(os.Args[1], os.Args[2], os.Args[3], os.Args[4]); err != nil {
		log.Fatal(err)
	}
}

func write(module, version, folder, proxy string) error {
	out := filepath.Join(proxy, filepath.FromSlash(module), "@v")
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	mod, err := os.ReadFile(filepath.Join(folder, "go.mod"))
	if err != nil {
		return err
	}
	for name, content := range map[string]string{
		"list":            version + "\n",
		version + ".info": fmt.Sprintf("{\"Version\":%q}\n", version),
		version + ".mod":  string(mod),
	} {
		if err := os.WriteFile(filepath.Join(out, name), []byte(content), 0o644); err != nil {
			return err
		}
	}
	file, err := os.Create(filepath.Join(out, version+".zip"))
	if err != nil {
		return err
	}
	archive := zip.NewWriter(file)
	// The order is that of the names.
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		return add(archive, module+"@"+version+"/"+filepath.ToSlash(name), path)
	})
	if err != nil {
		return err
	}
	if err := archive.Close(); err != nil {
		return err
	}
	return file.Close()
}

func add(archive *zip.Writer, name, path string) error {
	source, err := os.Open(path)
	if err != nil {
		return err
	}
	defer source.Close()
	entry, err := archive.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(entry, source)
	return err
}
