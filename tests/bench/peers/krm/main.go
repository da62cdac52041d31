// krm is a KRM function for one policy, as they are commonly written: over kyaml's own framework, with kustomize's own merge.
//
// Its configuration has up to two fields: `patch` is merged into every Deployment, and `generate`, a text template, is
// rendered for every Deployment's name and added to the items.
package main

import (
	"bytes"
	"os"
	"text/template"

	"sigs.k8s.io/kustomize/kyaml/fn/framework"
	"sigs.k8s.io/kustomize/kyaml/fn/framework/command"
	"sigs.k8s.io/kustomize/kyaml/fn/framework/parser"
	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

type config struct {
	Patch    string `json:"patch"`
	Generate string `json:"generate"`
}

func (c *config) Filter(items []*yaml.RNode) ([]*yaml.RNode, error) {
	deployments, err := (&framework.Selector{Kinds: []string{"Deployment"}}).Filter(items)
	if err != nil {
		return nil, err
	}
	if c.Patch != "" {
		patch := framework.ResourcePatchTemplate{Templates: parser.TemplateStrings(c.Patch)}
		if _, err := patch.Filter(deployments); err != nil {
			return nil, err
		}
	}
	if c.Generate == "" {
		return items, nil
	}
	object, err := template.New("generate").Parse(c.Generate)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	for _, deployment := range deployments {
		if err := object.Execute(&text, deployment.GetName()); err != nil {
			return nil, err
		}
	}
	added, err := (&kio.ByteReader{Reader: &text, OmitReaderAnnotations: true}).Read()
	return append(items, added...), err
}

func main() {
	var policy config
	processor := framework.SimpleProcessor{Filter: &policy, Config: &policy}
	if command.Build(processor, command.StandaloneDisabled, false).Execute() != nil {
		os.Exit(1)
	}
}
