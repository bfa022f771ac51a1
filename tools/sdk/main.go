// Command sdk binds a Pulumi package schema and writes the SDKs that Pulumi's own code generators make of it.
//
//	sdk bind SCHEMA                  binds and prints the diagnostics
//	sdk generate LANGUAGE SCHEMA DIR does so and writes the SDK into DIR; files there that are no longer part of it go
//
// It fails, and writes nothing, where the binder reports an error. A warning of the binder is an error too: a schema
// with a name that a language cannot express is found here, not by a user of that language.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"sdn.invalid/tools/sdk/tree"
)

const usage = "usage: sdk bind SCHEMA | sdk generate LANGUAGE SCHEMA DIR"

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
	case len(args) == 4 && args[0] == "generate":
		language, known := languages[args[1]]
		if !known {
			return fmt.Errorf("%s: no language of this generator", args[1])
		}
		pkg, err := bind(args[2])
		if err != nil {
			return err
		}
		files, err := language.generate(pkg)
		if err != nil {
			return fmt.Errorf("generate the SDK for %s: %w", args[1], err)
		}
		return tree.Write(args[3], files, language.kept)
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
	importers := map[string]schema.Language{}
	for name, language := range languages {
		importers[name] = language.importer
	}
	if err := pkg.ImportLanguages(importers); err != nil {
		return nil, fmt.Errorf("%s: language settings: %w", path, err)
	}
	return pkg, nil
}
