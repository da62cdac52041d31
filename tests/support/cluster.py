"""A real control plane on loopback: etcd, kube-apiserver, kube-controller-manager, kube-scheduler, and kwok, which plays the
kubelet of one Node. Everything lives in one folder; each program writes its log there and is ended by its own process.

A program that ends early, or a control plane that is not ready in time, is an error with the end of the log.
"""
import contextlib
import json
import os
import pathlib
import socket
import subprocess
import time

from support import paths

NODE = {
    "apiVersion": "v1", "kind": "Node",
    "metadata": {"name": "node", "annotations": {"kwok.x-k8s.io/node": "fake"}, "labels": {"kubernetes.io/os": "linux"}},
    "status": {"allocatable": {"cpu": "64", "memory": "256Gi", "pods": "500"}, "capacity": {"cpu": "64", "memory": "256Gi", "pods": "500"}},
}


class Cluster:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.kubeconfig = self.folder / "kubeconfig"
        self.processes = {}

    def start(self):
        etcd, peers, api, controllers, scheduler, kwok = free_ports(6)
        key, public = self.folder / "accounts.key", self.folder / "accounts.pub"
        subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, stderr=subprocess.DEVNULL)
        subprocess.run(["openssl", "rsa", "-in", key, "-pubout", "-out", public], check=True, stderr=subprocess.DEVNULL)
        (self.folder / "tokens.csv").write_text("admin,admin,admin,system:masters\n")
        self.kubeconfig.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "e2e",
            "clusters": [{"name": "e2e", "cluster": {"server": f"https://127.0.0.1:{api}", "insecure-skip-tls-verify": True}}],
            "users": [{"name": "admin", "user": {"token": "admin"}}],
            "contexts": [{"name": "e2e", "context": {"cluster": "e2e", "user": "admin"}}],
        }))

        self.run("etcd", f"--data-dir={self.folder}/etcd", "--unsafe-no-fsync",
                 f"--listen-client-urls=http://127.0.0.1:{etcd}", f"--advertise-client-urls=http://127.0.0.1:{etcd}",
                 f"--listen-peer-urls=http://127.0.0.1:{peers}", f"--initial-advertise-peer-urls=http://127.0.0.1:{peers}",
                 f"--initial-cluster=default=http://127.0.0.1:{peers}")
        self.run("kube-apiserver", f"--etcd-servers=http://127.0.0.1:{etcd}", "--bind-address=127.0.0.1", f"--secure-port={api}",
                 f"--cert-dir={self.folder}/certificates", f"--token-auth-file={self.folder}/tokens.csv",
                 "--authorization-mode=RBAC", "--service-cluster-ip-range=10.96.0.0/16", "--endpoint-reconciler-type=none",
                 "--service-account-issuer=https://kubernetes.default.svc",
                 f"--service-account-key-file={public}", f"--service-account-signing-key-file={key}")
        self.wait("the API server is ready", lambda: self.kubectl("get", "--raw", "/readyz", check=False) == "ok")
        self.run("kube-controller-manager", f"--kubeconfig={self.kubeconfig}", "--bind-address=127.0.0.1", f"--secure-port={controllers}",
                 "--leader-elect=false", f"--service-account-private-key-file={key}")
        self.run("kube-scheduler", f"--kubeconfig={self.kubeconfig}", "--bind-address=127.0.0.1", f"--secure-port={scheduler}",
                 "--leader-elect=false")
        self.run("kwok", f"--kubeconfig={self.kubeconfig}", "--manage-all-nodes=true", f"--server-address=127.0.0.1:{kwok}")
        self.kubectl("apply", "-f", "-", stdin=json.dumps(NODE))
        self.wait("the Node is ready", lambda: "True" in self.kubectl(
            "get", "node", "node", "-o", "jsonpath={.status.conditions[?(@.type=='Ready')].status}"))
        self.wait("new namespaces get their service account", lambda: self.kubectl(
            "get", "serviceaccount", "default", "-n", "default", "-o", "name", check=False))

    def run(self, name, *arguments):
        with open(self.folder / f"{name}.log", "wb") as log:
            self.processes[name] = subprocess.Popen([paths.tool(name), *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def wait(self, what, condition, seconds=90):
        deadline = time.monotonic() + seconds
        while not condition():
            for name, process in self.processes.items():
                if process.poll() is not None:
                    raise RuntimeError(f"{name} ended with {process.returncode} before {what}:\n{self.end_of_log(name)}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"not in {seconds} s: {what}\n" + "".join(map(self.end_of_log, self.processes)))
            time.sleep(0.2)

    @staticmethod
    def eventually(question, answer, seconds=60):
        """What the question yields: the answer as soon as it does, or whatever it is after so many seconds."""
        deadline = time.monotonic() + seconds
        while (found := question()) != answer and time.monotonic() < deadline:
            time.sleep(0.2)
        return found

    def end_of_log(self, name):
        lines = (self.folder / f"{name}.log").read_text(errors="replace").splitlines()[-10:]
        return f"--- {name}.log\n" + "\n".join(lines) + "\n"

    def stop(self):
        """Last started, first ended, so that no client talks to a server that is gone."""
        for process in reversed(self.processes.values()):
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            if process.poll() is None:
                process.kill()
                process.wait()

    def kubectl(self, *words, stdin=None, check=True):
        done = subprocess.run([paths.tool("kubectl"), f"--kubeconfig={self.kubeconfig}", *words], input=stdin, text=True,
                              env=os.environ | {"HOME": str(self.folder)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if check and done.returncode != 0:
            raise RuntimeError(f"kubectl {' '.join(words)}: {done.stderr}")
        return done.stdout

    def get(self, *words):
        """An object, or the items of a list."""
        found = json.loads(self.kubectl("get", *words, "-o", "json"))
        return found["items"] if found["kind"].endswith("List") else found

    def inventory(self, namespace):
        """Everything in a namespace but events and what Kubernetes itself keeps there: kind and name."""
        kinds = self.kubectl("api-resources", "--namespaced", "--verbs=list", "-o", "name").split()
        kinds = [kind for kind in kinds if not kind.startswith("events") and not kind.endswith("metrics.k8s.io")]
        return sorted(self.kubectl("get", ",".join(kinds), "-n", namespace, "-o", "name", "--ignore-not-found").split())


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
