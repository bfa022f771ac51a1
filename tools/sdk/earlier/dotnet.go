package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"net/http"

	"github.com/pulumi/pulumi/pkg/v3/codegen/dotnet"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

//go:embed logo.png
var logo []byte

const logoURL = "https://sdn.invalid/logo.png"

// generateDotnet has the generator find our logo where it would download one: it writes the file into the package.
func generateDotnet(pkg *schema.Package) (map[string][]byte, error) {
	http.DefaultTransport = onlyLogo{}
	pkg.LogoURL = logoURL
	return dotnet.GeneratePackage(tool, pkg, nil, nil)
}

// onlyLogo is a network that has nothing but the logo.
type onlyLogo struct{}

func (onlyLogo) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.URL.String() != logoURL {
		return nil, fmt.Errorf("%s: the generator must not need the network", request.URL)
	}
	return &http.Response{
		Status:     "200 OK",
		StatusCode: http.StatusOK,
		Body:       io.NopCloser(bytes.NewReader(logo)),
		Request:    request,
	}, nil
}
