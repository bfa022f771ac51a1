// Command sdk binds a Pulumi package schema and writes the Node SDK that Pulumi's own code generator makes of it.
//
//	sdk bind SCHEMA         binds and prints the diagnostics
//	sdk generate SCHEMA DIR does so and writes the SDK into DIR; files there that are no longer part of it go
//
// It fails, and writes nothing, where the binder reports an error. A warning of the binder is an error too: a schema
// with a name that a language cannot express is found here, not by a user of that language.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

const usage = "usage: sdk bind SCHEMA | sdk generate SCHEMA DIR"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 2 && args[0] == "bind":
		_, err := bind(args[1])
		return err
	case len(args) == 3 && args[0] == "generate":
		pkg, err := bind(args[1])
		if err != nil {
			return err
		}
		// The schema names no other package, so the generator has none to load. A local SDK compiles itself when it is
		// installed from a folder.
		files, err := nodejs.GeneratePackage("tools/sdk", pkg, nil, nil, true, nil)
		if err != nil {
			return fmt.Errorf("generate the Node SDK: %w", err)
		}
		return writeTree(args[2], files)
	default:
		return errors.New(usage)
	}
}

func bind(path string) (*schema.Package, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var spec schema.PackageSpec
	if err := json.Unmarshal(text, &spec); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	pkg, diagnostics, err := schema.BindSpec(spec, schema.NewNullLoader(), schema.ValidationOptions{})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, diagnostic := range diagnostics {
		fmt.Fprintln(os.Stderr, diagnostic)
	}
	if len(diagnostics) > 0 {
		return nil, fmt.Errorf("%s: the binder has %d complaints", path, len(diagnostics))
	}
	if err := pkg.ImportLanguages(map[string]schema.Language{"nodejs": nodejs.Importer}); err != nil {
		return nil, fmt.Errorf("%s: language settings: %w", path, err)
	}
	return pkg, nil
}
