"""A tree of rule files as a large installation has them: what the measures of the rule tools work on. Also a program:

usage: rule_tree.py DIR [--files 1000]

DIR gets `vedette.yaml` (its watchers yield all that the rules wait for, its actions are those that they propose) and `rules.d/` with one
rule and its tests a file: runs that fail, alerts, lines of a log, deploys that are followed by alerts, in turns. All of it is valid, without
a warning, and its tests pass; the same bytes for the same number.
"""
import argparse
import pathlib

CONFIGURATION = """\
listen: 127.0.0.1:0
control: 127.0.0.1:0
state: state
rules: [rules.d]
watchers:
  - {webhook: github, secret: "${TREE_SECRET}"}
  - {webhook: alertmanager, token: "${TREE_TOKEN}"}
  - {webhook: generic, name: deploys, token: "${TREE_TOKEN}", map: {kind: deploy, service: app, state: status}}
  - {log: [app.log], name: app}
actions:
  rerun: {run: [/bin/true, "{{run}}"], params: {run: '/[0-9]+/'}, effect: external}
  restart: {run: [/bin/true, "{{service}}"], params: {service: '/[a-z][a-z0-9-]*/'}, effect: external}
people: {ada: {user: ada}}
approvers: {from: [ada]}
"""

RUN = """\
# The nightly of {name} is red twice within a day.
rules:
  - id: red-{name}
    on: ci.run
    where: {{level: run, repo: acme/{name}, branch: '/^(main|release\\/.+)$/'}}
    key: [repo, branch, workflow]
    when: {{count: 2, within: 24h}}
    severity: high
    title: "{{{{workflow}}}} is red on {{{{branch}}}} of {{{{repo}}}}"
    diagnose:
      question: "Why does {{{{workflow}}}} fail on {{{{branch}}}} since {{{{first_seen}}}}?"
      evidence: [{{changes: {{within: 2h}}}}, {{similar: 5}}]
    propose:
      plan: [{{do: rerun, with: {{run: "{{{{run}}}}"}}, why: "A rerun is cheap and changes nothing."}}]
      expires: 4h
    verify: {{ok: 1h}}

tests:
  - name: the second failure opens a proposal, and the green run after the rerun verifies it
    with: {{kind: ci.run, level: run, repo: acme/{name}, workflow: nightly, branch: main, run: 7}}
    events:
      - {{at: 0m, state: failing}}
      - {{at: 20m, state: failing}}
      - {{at: 30m, decide: approve, by: ada}}
      - {{at: 31m, step: ok}}
      - {{at: 50m, state: ok}}
    expect:
      - {{at: 20m, rule: red-{name}, key: [acme/{name}, main, nightly], state: firing, count: 2}}
      - {{at: 20m, proposal: {{title: nightly is red on main of acme/{name}, plan: [rerun]}}}}
      - {{at: 50m, rule: red-{name}, key: [acme/{name}, main, nightly], state: resolved}}
      - {{at: 50m, proposal: {{state: verified}}}}
  - name: other branches and jobs of a run open nothing
    with: {{kind: ci.run, state: failing, repo: acme/{name}, workflow: nightly, run: 8}}
    events: [{{at: 0m, level: run, branch: feature/x}}, {{at: 1m, level: job, branch: main}}, {{at: 2m, level: run, branch: feature/y}}]
    expect: [{{proposals: 0}}]
"""

ALERT = """\
# {name} is slow or down, as its alerts tell.
rules:
  - id: alert-{name}
    on: alert
    where: {{service: {name}, severity: {{ge: high}}, environment: [production, staging]}}
    key: [service, subject]
    title: "{{{{title | default: {name} is in trouble}}}}"
    diagnose: {{question: "What makes {{{{service}}}} fail since {{{{first_seen}}}}?"}}
    propose:
      plan: [{{do: restart, with: {{service: "{{{{service}}}}"}}, why: "It came back after a restart before."}}]
      cooldown: 30m

tests:
  - name: an alert opens one proposal however often it is repeated, and its resolve withdraws it
    with: {{kind: alert, service: {name}, subject: "latency of {name}", severity: critical, environment: production, title: High latency}}
    events: [{{at: 0m, state: failing}}, {{at: 5m, state: failing}}, {{at: 12m, state: ok}}]
    expect:
      - {{at: 0m, rule: alert-{name}, key: [{name}, "latency of {name}"], state: firing, count: 1}}
      - {{at: 0m, proposal: {{title: High latency, plan: [restart]}}}}
      - {{at: 12m, rule: alert-{name}, key: [{name}, "latency of {name}"], state: resolved}}
      - {{at: 12m, proposal: {{state: withdrawn}}}}
  - name: what is not severe opens nothing
    with: {{kind: alert, state: failing, service: {name}, environment: production}}
    events: [{{at: 0m, subject: a, severity: low}}, {{at: 1m, subject: b, severity: medium}}]
    expect: [{{proposals: 0}}]
"""

LOG = """\
# {name} loses its database again and again.
rules:
  - id: log-{name}
    on: log
    match: '/{name}\\[\\d+\\]: connection to (?<host>[\\w.-]+) (refused|timed out)/'
    ignore: '/healthcheck/'
    key: [host]
    when: {{count: 5, within: 10m}}
    clear: {{quiet: 30m}}
    title: "{name} cannot reach {{{{host}}}}"

tests:
  - name: the fifth lost connection within ten minutes fires, and quiet ends it
    with: {{kind: log}}
    events:
      - {{at: 0m, text: "{name}[7]: connection to db-1 refused"}}
      - {{at: 1m, text: "{name}[7]: connection to db-1 timed out"}}
      - {{at: 2m, text: "{name}[7]: connection to db-1 refused"}}
      - {{at: 3m, text: "{name}[7]: connection to db-1 refused"}}
      - {{at: 4m, text: "{name}[7]: connection to db-1 refused"}}
    until: 1h
    expect:
      - {{at: 4m, rule: log-{name}, key: [db-1], state: firing, count: 5}}
      - {{at: 34m, rule: log-{name}, key: [db-1], state: resolved}}
  - name: the health check counts for nothing
    with: {{kind: log}}
    events: [{{at: 0m, text: "{name}[7]: connection to db-1 refused (healthcheck)"}}]
    expect: [{{proposals: 0}}]
"""

DEPLOY = """\
# What was just deployed to {name} makes its alerts fire.
rules:
  - id: deploy-{name}
    on: deploy
    where: {{service: {name}, state: ok}}
    key: [service]
    when:
      followed_by: {{on: alert, where: {{service: {name}, state: failing}}}}
      within: 15m
    clear: {{quiet: 2h}}
    severity: critical
    title: "{{{{service}}}} fails after a deploy"
    unless: [alert-{other}]
    same: [environment]

tests:
  - name: an alert within a quarter of an hour after a deploy opens a proposal
    with: {{service: {name}}}
    events: [{{at: 0m, kind: deploy, state: ok, subject: d}}, {{at: 10m, kind: alert, state: failing, subject: a}}]
    expect:
      - {{at: 10m, rule: deploy-{name}, key: [{name}], state: firing, count: 2}}
      - {{proposals: 1}}
  - name: an alert half an hour after it is none of its business
    with: {{service: {name}}}
    events: [{{at: 0m, kind: deploy, state: ok, subject: d}}, {{at: 30m, kind: alert, state: failing, subject: a}}]
    expect: [{{proposals: 0}}]
"""

KINDS = (RUN, ALERT, LOG, DEPLOY)


def name_of(number):
    return f"service-{number:05}"


def write_tree(directory, n_files):
    """Makes `directory`; returns the path of its `vedette.yaml`."""
    rules = pathlib.Path(directory) / "rules.d"
    rules.mkdir(parents=True, exist_ok=True)
    for number in range(n_files):
        other = number - 2 if number % 4 == 3 else number  # its neighbour's alerts: of a deploy, the only kind that names another rule
        text = KINDS[number % 4].format(name=name_of(number), other=name_of(other))
        (rules / f"{name_of(number)}.yaml").write_text(text)
    configuration = rules.parent / "vedette.yaml"
    configuration.write_text(CONFIGURATION)
    return configuration


def main():
    parser = argparse.ArgumentParser(description="Writes a tree of rule files.")
    parser.add_argument("directory")
    parser.add_argument("--files", type=int, default=1000)
    arguments = parser.parse_args()
    print(write_tree(arguments.directory, arguments.files))


if __name__ == "__main__":
    main()
