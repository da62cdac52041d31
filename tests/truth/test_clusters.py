"""The generated clusters are what they say, and the judge keeps on them the laws that hold for every cluster."""
import functools
import re

import pytest
import yaml

from support.manifests import Loader, pod_template
from truth import clusters, netpol

SEEDS = range(200)
generate = functools.cache(clusters.generate)


@pytest.mark.parametrize("seed", [0, 7, 199])
def test_a_seed_says_always_the_same(seed):
    assert (clusters.generate(seed), clusters.edges(seed)) == (clusters.generate(seed), clusters.edges(seed))


def environment(document):
    """All values of a workload's environment."""
    containers = pod_template(document)["spec"]["containers"]
    return [str(variable.get("value")) for container in containers for variable in container.get("env", [])]


def names_it(value, service, client):
    """Whether a value holds a name by which the client finds the Service."""
    short, namespace = service["metadata"]["name"], service["metadata"].get("namespace", "default")
    rest = rf"(\.{namespace}(\.svc(\.cluster\.local)?)?)" + "?" * (client.namespace == namespace)
    return re.search(rf"(^|[/,]){short}{rest}(:|$)", value)


def leads_to(service, server, protocol, number):
    """Whether a port of the Service is this port of this pod."""
    selector, namespace = service["spec"].get("selector"), service["metadata"].get("namespace", "default")
    if not selector or namespace != server.namespace or not selector.items() <= server.labels.items():
        return False
    ports = [port for port in service["spec"]["ports"] if port.get("protocol", "TCP") == protocol]
    targets = {port.get("targetPort", port["port"]) for port in ports}
    return any(port[:2] == (number, protocol) and {number, port.name} & targets for port in server.ports)


def test_edges(capsys):
    """Every cluster loads, and every edge goes from a client that names a Service to a port of a pod behind it."""
    count = closed = 0
    for seed in SEEDS:
        cluster, documents = netpol.load(generate(seed)), list(yaml.load_all(generate(seed), Loader))
        assert 2 <= len(cluster.pods) <= 8 and len(cluster.policies) <= 4 and "&id" not in generate(seed)
        services = [each for each in documents if each["kind"] == "Service"]
        values = {netpol.read_pod(each, each["metadata"].get("namespace", "default")).id: environment(each)
                  for each in documents if pod_template(each)}
        for source, destination, protocol, number in clusters.edges(seed):
            client, server = cluster.pods[source], cluster.pods[destination]
            assert any(names_it(value, service, client) and leads_to(service, server, protocol, number)
                       for service in services for value in values[source])
            count += 1
            closed += not netpol.allowed(cluster, client, server, protocol, number)
    with capsys.disabled():
        print(f" {len(SEEDS)} clusters, {count} edges, {closed} of them closed ", end="")
    assert count >= 4 * len(SEEDS) and count / 10 <= closed <= count / 2


def with_policies(cluster, policies):
    return cluster._replace(policies={policy.id: policy for policy in policies})


def test_laws():
    """Without policies all is open. One more policy, which denies, opens nothing; one that allows all closes nothing and leaves
    no isolation where it applies. Their order does not matter."""
    for seed in SEEDS:
        cluster = netpol.load(generate(seed))
        policies = list(cluster.policies.values())
        ports = {(port.protocol, port.number) for pod in cluster.pods.values() for port in pod.ports} | {("TCP", 1)}
        answers = functools.partial(netpol.matrix, ports=ports)
        before = answers(cluster)
        assert all(answers(with_policies(cluster, [])).values())
        assert answers(with_policies(cluster, reversed(policies))) == before
        for pod in cluster.pods.values():
            deny, allow = (netpol.Policy("new", pod.namespace, {"matchLabels": pod.labels}, ["Ingress", "Egress"], rules)
                           for rules in ({"Ingress": [], "Egress": []}, {"Ingress": [([], [])], "Egress": [([], [])]}))
            less, more = (answers(with_policies(cluster, [*policies, new])) for new in (deny, allow))
            assert all(less[key] <= before[key] <= more[key] for key in before)
            alone = answers(with_policies(cluster, [deny]))
            assert all(alone[key] == (pod.id not in key[:2] or key[0] == key[1] or pod.host_network) for key in before)
