package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"path"
	"strings"
	"text/template"

	"github.com/pulumi/pulumi-java/pkg/codegen/java"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

//go:embed pom.xml.template
var pomText string

var pom = template.Must(template.New("pom.xml").Parse(pomText))

// generateJava adds a pom.xml for Maven, and the file by which Pulumi's language host finds the plugin of the package.
func generateJava(pkg *schema.Package) (map[string][]byte, error) {
	settings := pkg.Language["java"].(java.PackageInfo)
	group := strings.TrimSuffix(settings.BasePackage, ".")
	version := pkg.Version.String()

	var project bytes.Buffer
	err := pom.Execute(&project, map[string]string{
		"Group": group, "Name": pkg.Name, "Version": version, "Description": pkg.Description,
		"Pulumi": settings.Dependencies["com.pulumi:pulumi"],
	})
	if err != nil {
		return nil, err
	}
	plugin, err := json.MarshalIndent(map[string]any{"resource": true, "name": pkg.Name, "version": version}, "", "  ")
	if err != nil {
		return nil, err
	}
	resources := path.Join("src/main/resources", strings.ReplaceAll(group, ".", "/"), pkg.Name)
	extra := map[string][]byte{
		"pom.xml":                           project.Bytes(),
		path.Join(resources, "plugin.json"): append(plugin, '\n'),
	}
	return java.GeneratePackage(tool, pkg, extra, nil, false, false)
}
