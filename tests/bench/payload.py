"""A workflow_run delivery of about 8 KB, shaped as GitHub sends it: nested, most of it URLs that nobody reads."""
import json

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


def body(**facts):
    return json.dumps(workflow_run(**facts), separators=(",", ":"), ensure_ascii=False).encode()
