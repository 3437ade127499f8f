"""A workflow_run delivery of about 8 KB, shaped as GitHub sends it: nested, most of it URLs that nobody reads."""
import json
import random

API = "https://api.github.example"
PERSON_URLS = "followers following gists starred subscriptions organizations repos events received_events".split()
REPO_URLS = ("archive assignees blobs branches collaborators comments commits compare contents contributors deployments downloads "
             "events forks git_commits git_refs git_tags hooks issue_comment issue_events issues keys labels languages merges milestones "
             "notifications pulls releases stargazers statuses subscribers subscription tags teams trees").split()
SHA = "0c6e7a3d5b1f48e2a9d4c7b0f6e3a1d8c5b2f9e0"


def person(name):
    url = f"{API}/users/{name}"
    return {"login": name, "id": 1234567, "node_id": "MDQ6VXNlcjEyMzQ1Njc=", "avatar_url": f"https://avatars.github.example/u/1234567?v=4",
            "url": url, "html_url": f"https://github.example/{name}", **{f"{kind}_url": f"{url}/{kind}" for kind in PERSON_URLS},
            "type": "User", "site_admin": False}


def repository(full_name):
    owner, name = full_name.split("/")
    url = f"{API}/repos/{full_name}"
    return {"id": 99887766, "node_id": "R_kgDOBfHxxg", "name": name, "full_name": full_name, "private": True, "owner": person(owner),
            "html_url": f"https://github.example/{full_name}", "description": "Sells the \"things\" — online", "fork": False, "url": url,
            **{f"{kind}_url": f"{url}/{kind}{{/sha}}" for kind in REPO_URLS}, "default_branch": "main"}


def workflow_run(repo="acme/shop", workflow="test", branch="main", conclusion="failure", time="2026-11-21T08:04:40Z"):
    url = f"{API}/repos/{repo}/actions/runs/90071992547409931"
    kinds = "jobs logs check_suite artifacts cancel rerun previous_attempt".split()
    return {
        "action": "completed",
        "workflow_run": {
            "id": 90071992547409931, "name": workflow, "node_id": "WFR_kwLOBfHxxs8AAAAB", "head_branch": branch, "head_sha": SHA,
            "path": f".github/workflows/{workflow}.yml", "display_title": "Teach the basket to count", "run_number": 118, "event": "push",
            "status": "completed", "conclusion": conclusion, "workflow_id": 7, "check_suite_id": 33445566, "pull_requests": [],
            "url": url, "html_url": f"https://github.example/{repo}/actions/runs/90071992547409931",
            **{f"{kind}_url": f"{url}/{kind}" for kind in kinds},
            "created_at": time, "run_started_at": time, "updated_at": time, "run_attempt": 1, "actor": person("kim"),
            "triggering_actor": person("robin"),
            "head_commit": {"id": SHA, "tree_id": SHA[::-1], "message": "Teach the basket to count\n\nIt forgot the eleventh thing.",
                            "timestamp": time, "author": {"name": "Kim", "email": "kim@example.com"}},
            "head_repository": {"full_name": repo},
        },
        "workflow": {"id": 7, "name": workflow, "path": f".github/workflows/{workflow}.yml", "state": "active"},
        "repository": repository(repo),
        "sender": person("kim"),
    }


def pull_request(number):
    repo = {"id": 99887766, "url": f"{API}/repos/acme/shop", "name": "shop"}
    return {"id": 700000 + number, "number": number, "url": f"{API}/repos/acme/shop/pulls/{number}",
            "head": {"ref": f"basket-{number}", "sha": SHA, "repo": repo}, "base": {"ref": "main", "sha": SHA[::-1], "repo": repo}}


def words(draw, n_words):
    return " ".join("".join(draw.choices("abcdefghiklmnoprstuvw", k=draw.randint(2, 10))) for _ in range(n_words))


def one_of_many(draw):
    """A run as the next one of a repository differs from the last: other numbers, commits, people, times and words."""
    run, suite, time = draw.randrange(10**16, 10**17), draw.randrange(10**7, 10**8), f"2026-11-21T{draw.randrange(24):02}:{draw.randrange(60):02}:{draw.randrange(60):02}Z"
    sha, tree = (f"{draw.getrandbits(160):040x}" for _ in range(2))
    kim, robin, title = words(draw, 1), words(draw, 1), words(draw, 6)
    delivery = json.loads(encode(workflow_run(conclusion=draw.choice(["failure", "success"]), time=time)).decode()
                          .replace("90071992547409931", str(run)).replace("33445566", str(suite)).replace(SHA, sha).replace(SHA[::-1], tree))
    for place, name in ((delivery["workflow_run"], "actor"), (delivery["workflow_run"], "triggering_actor"), (delivery, "sender")):
        place[name] = person(draw.choice([kim, robin])) | {"id": draw.randrange(10**6, 10**7)}
    delivery["workflow_run"] |= {"display_title": title, "run_number": draw.randrange(1000), "node_id": f"WFR_{draw.getrandbits(80):020x}"}
    delivery["workflow_run"]["head_commit"] |= {"message": f"{title}\n\n{words(draw, 20)}", "author": {"name": kim, "email": f"{kim}@example.com"}}
    return delivery


def many(n_bytes=None, n_bodies=512):
    """So many that a dictionary holds few of them."""
    draw = random.Random(1)
    return [of_length(one_of_many(draw), n_bytes) if n_bytes else encode(one_of_many(draw)) for _ in range(n_bodies)]


def body_of(n_bytes):
    return of_length(workflow_run(), n_bytes)


def of_length(delivery, n_bytes):
    """About so long: fewer of the URLs that nobody reads, or more pull requests."""
    delivery["workflow_run"]["pull_requests"] = requests = []
    text = encode(delivery)
    while len(text) < n_bytes - 200:
        requests.append(pull_request(len(requests) + 1))
        text = encode(delivery)
    for place in (delivery["repository"], delivery["repository"]["owner"], delivery["sender"], delivery["workflow_run"]["actor"],
                  delivery["workflow_run"]["triggering_actor"], delivery["workflow_run"]):
        for name in [name for name in place if name.endswith("_url")]:
            if len(text) > n_bytes + 100:
                del place[name]
                text = encode(delivery)
    return text


def alert(number, **labels):
    return {"status": "firing", "labels": {"alertname": "DiskFull", "severity": "critical", "service": "shop", "instance": f"host-{number}:9100",
                                           "job": "node", "mountpoint": "/var/lib/data", **labels},
            "annotations": {"summary": f"The disk of host-{number} is nearly full", "description": "Below five percent for a quarter of an hour"},
            "startsAt": "2026-11-21T08:04:40Z", "generatorURL": f"http://prometheus.example/graph?g0.expr=disk_free&g0.tab={number}"}


def alerts(n_alerts=4):
    """What Alertmanager sends: about 2 KB. The number that is put in differs in each delivery and has no meaning."""
    items = [dict(alert(number), endsAt="0001-01-01T00:00:00Z", fingerprint=f"{number:016x}") for number in range(n_alerts)]
    return encode({"version": "4", "groupKey": "{}:{alertname=\"DiskFull\"}", "truncatedAlerts": 0, "status": "firing", "receiver": "vedette @NUMBER@",
                   "groupLabels": {"alertname": "DiskFull"}, "commonLabels": {"alertname": "DiskFull"}, "commonAnnotations": {},
                   "externalURL": "http://alertmanager.example", "alerts": items})


def posted_alerts(n_alerts=5):
    """What Alertmanager is sent, as long."""
    items = [alert(number) for number in range(n_alerts)]
    for item in items:
        del item["status"]
    items[0]["annotations"]["number"] = "@NUMBER@"
    return encode(items)


def encode(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def body(**facts):
    return encode(workflow_run(**facts))
