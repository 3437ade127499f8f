#include "rule_fixture.h"
#include "rules/match.h"

/* One rule `where` against one event: does it hold? */
static bool holds(const char *where, const char *event)
{
    struct rule_file files[] = {
        { .name = SLICE("t.yaml") },
        { .name = SLICE("hosts.txt"),
          .text = SLICE("\xef\xbb\xbfweb1\r\n\r\n# the old one\n  web2\t\n#web3\nweb 4"),
          .is_list = true },
    };
    char text[1024];
    struct ruleset *set = NULL;
    struct buffer said;
    struct matcher *matcher = NULL;
    struct match_list matches;
    struct told told;
    bool held;

    (void)snprintf(text, sizeof(text),
                   "lists: {bots: [renovate, dependabot], nets: [10.0.0.0/8, '2001:db8::/32']}\n"
                   "patterns: {mains: '/^main$/'}\n"
                   "rules: [{id: a, on: '*', key: '{{kind}}', clear: never, where: %s}]\n",
                   where);
    files[0].text = slice_of(text);
    if (parse_files(files, 2, &set, &said))
        print_message("%s", said.ptr);
    assert_non_null(set);
    buffer_free(&said);
    told = told_of(event);
    assert_int_equal(matcher_new(&matcher), RC_OK);
    assert_int_equal(match_event(matcher, set, &told.event, told.arena, &matches), RC_OK);
    assert_int_equal(matches.n_faults, 0);
    held = matches.n_items == 1;
    told_free(&told);
    matcher_free(matcher);
    ruleset_free(set);
    return held;
}

static const struct {
    const char *where;
    const char *event;
    bool holds;
} cases[] = {
    /* equals */
    { "{branch: main}", "{'kind':'push','branch':'main'}", true },
    { "{branch: main}", "{'kind':'push','branch':'Main'}", false },
    { "{branch: main}", "{'kind':'push','branch':'mainline'}", false },
    { "{branch: main}", "{'kind':'push'}", false },
    { "{branch: ''}", "{'kind':'push','branch':''}", true },
    { "{branch: /main/}", "{'kind':'push','branch':'main'}", false },
    { "{branch: /main/}", "{'kind':'push','branch':'/main/'}", true },
    { "{branch: {eq: '/main/'}}", "{'kind':'push','branch':'/main/'}", true },
    { "{data.id: 9007199254740993}", "{'kind':'push','data':{'id':9007199254740993}}", true },
    { "{data.id: 9007199254740993}", "{'kind':'push','data':{'id':9007199254740992}}", false },
    { "{data.x: 42}", "{'kind':'push','data':{'x':42.0}}", true },
    { "{data.x: 42}", "{'kind':'push','data':{'x':4.2e1}}", true },
    { "{data.x: 42}", "{'kind':'push','data':{'x':'42'}}", true },
    { "{data.x: 42}", "{'kind':'push','data':{'x':'42.0'}}", false },
    { "{data.x: 42.0}", "{'kind':'push','data':{'x':42}}", true },
    { "{data.x: 42.0}", "{'kind':'push','data':{'x':42.0}}", true },
    { "{data.x: 42.0}", "{'kind':'push','data':{'x':'42.0'}}", true },
    { "{data.x: 42.0}", "{'kind':'push','data':{'x':'42'}}", false },
    { "{data.x: '42.0'}", "{'kind':'push','data':{'x':42}}", false },
    { "{data.x: {eq: 42.0}}", "{'kind':'push','data':{'x':42}}", true },
    { "{data.x: 1e3}", "{'kind':'push','data':{'x':1000}}", true },
    { "{data.x: 1e3}", "{'kind':'push','data':{'x':1E+3}}", true },
    { "{data.x: 0}", "{'kind':'push','data':{'x':-0.0}}", true },
    { "{data.x: 0.5}", "{'kind':'push','data':{'x':0.50}}", true },
    { "{data.x: [500, 502]}", "{'kind':'push','data':{'x':500.0}}", true },
    { "{data.x: [500, 5.02e2]}", "{'kind':'push','data':{'x':502}}", true },
    { "{data.x: {not: 42}}", "{'kind':'push','data':{'x':42.0}}", false },
    { "{data.x: {not: 42.0}}", "{'kind':'push','data':{'x':42}}", false },
    { "{'data.l[*]': 42.0}", "{'kind':'push','data':{'l':['42',7,42]}}", true },
    { "{'data.l[*]': 42.0}", "{'kind':'push','data':{'l':['42',7]}}", false },
    { "{data.l: {some: {x: 1e3}}}", "{'kind':'push','data':{'l':[{'x':1},{'x':1000}]}}", true },
    { "{data.x: '/^42$/'}", "{'kind':'push','data':{'x':42.0}}", true },
    { "{data.v: 1.10}", "{'kind':'push','data':{'v':'1.1'}}", false }, /* a version */
    { "{data.v: 1.10}", "{'kind':'push','data':{'v':1.1}}", true },
    { "{branch: 1.10}", "{'kind':'push','branch':'1.10'}", true },
    { "{branch: 1.10}", "{'kind':'push','branch':'1.1'}", false },
    { "{data.ok: true}", "{'kind':'push','data':{'ok':true}}", true },
    { "{data.v: 1.10}", "{'kind':'push','data':{'v':'1.10'}}", true },
    { "{data.v: no}", "{'kind':'push','data':{'v':'no'}}", true },
    /* lists */
    { "{branch: [main, dev]}", "{'kind':'push','branch':'dev'}", true },
    { "{branch: [main, dev]}", "{'kind':'push','branch':'devel'}", false },
    { "{actor: $bots}", "{'kind':'push','actor':'renovate'}", true },
    { "{actor: [jane, $bots]}", "{'kind':'push','actor':'dependabot'}", true },
    { "{actor: '$bots'}", "{'kind':'push','actor':'renovate'}", false },
    { "{branch: [$mains, '/^rel/']}", "{'kind':'push','branch':'release'}", true },
    /* patterns */
    { "{branch: '/^(main|release/.+)$/'}", "{'kind':'push','branch':'release/1'}", true },
    { "{branch: '/^(main|release/.+)$/'}", "{'kind':'push','branch':'release/'}", false },
    { "{branch: '/MAIN/i'}", "{'kind':'push','branch':'the main one'}", true },
    { "{branch: $mains}", "{'kind':'push','branch':'main'}", true },
    /* compares */
    { "{data.n: {ge: 5}}", "{'kind':'push','data':{'n':5}}", true },
    { "{data.n: {gt: 5}}", "{'kind':'push','data':{'n':5}}", false },
    { "{data.n: {gt: 5}}", "{'kind':'push','data':{'n':5.01}}", true },
    { "{data.n: {le: 5, ge: 3}}", "{'kind':'push','data':{'n':'3'}}", true },
    { "{data.n: {le: 5, ge: 3}}", "{'kind':'push','data':{'n':2}}", false },
    { "{data.n: {lt: 5}}", "{'kind':'push','data':{'n':'few'}}", false },
    { "{data.n: {lt: 5}}", "{'kind':'push','data':{}}", false },
    { "{data.n: {lt: 5}}", "{'kind':'push','data':{'n':'0x1'}}", false },
    { "{data.n: {lt: 5}}", "{'kind':'push','data':{'n':'-inf'}}", false },
    { "{duration: {gt: 5m}}", "{'kind':'push','duration':'301s'}", true },
    { "{duration: {gt: 5m}}", "{'kind':'push','duration':'300s'}", false },
    { "{duration: {gt: 5m}}", "{'kind':'push','duration':'400'}", false },
    { "{duration: {ge: 5m}}", "{'kind':'push','duration':'5m'}", true },
    { "{duration: {ge: 5m}}", "{'kind':'push','duration':'4m59s999ms'}", false },
    { "{duration: {ge: 5m}}", "{'kind':'push','duration':'5m0.0s'}", true },
    { "{data.took: {gt: 1s}}", "{'kind':'push','data':{'took':'1.0005s'}}", true },
    { "{data.took: {gt: 1s}}", "{'kind':'push','data':{'took':'1.0s'}}", false },
    { "{data.took: {gt: 1s}}", "{'kind':'push','data':{'took':'999.9ms'}}", false },
    { "{data.took: {lt: 1ms}}", "{'kind':'push','data':{'took':'350\xc2\xb5s'}}", true },
    { "{data.took: {lt: 1ms}}", "{'kind':'push','data':{'took':'1000us'}}", false },
    { "{data.took: {gt: 1s}}", "{'kind':'push','data':{'took':'2.s'}}", false },
    { "{data.took: {gt: 1s}}", "{'kind':'push','data':{'took':'-2s'}}", false },
    { "{data.took: {gt: 1s}}", "{'kind':'push','data':{'took':'4000d'}}", true },
    { "{data.bytes: {ge: 1KB}}", "{'kind':'push','data':{'bytes':1024}}", true },
    { "{data.bytes: {ge: 1KB}}", "{'kind':'push','data':{'bytes':'1KiB'}}", true },
    { "{data.bytes: {gt: 1KB}}", "{'kind':'push','data':{'bytes':'1KB'}}", false },
    { "{data.bytes: {gt: 1KB}}", "{'kind':'push','data':{'bytes':'1 apple'}}", false },
    { "{data.bytes: {ge: 1GB}}", "{'kind':'push','data':{'bytes':'1.5GB'}}", true },
    { "{data.bytes: {ge: 1GB}}", "{'kind':'push','data':{'bytes':'1.5 GB'}}", true },
    { "{data.bytes: {ge: 1536MB, le: 1536MB}}", "{'kind':'push','data':{'bytes':'1.5GB'}}", true },
    { "{data.bytes: {ge: 1GB}}", "{'kind':'push','data':{'bytes':'0.9 GiB'}}", false },
    { "{data.bytes: {lt: 2GB}}", "{'kind':'push','data':{'bytes':'1,5 GB'}}", false },
    /* integers are exact, however large */
    { "{data.n: {ge: 9007199254740993}}", "{'kind':'push','data':{'n':9007199254740993}}", true },
    { "{data.n: {ge: 9007199254740993}}", "{'kind':'push','data':{'n':9007199254740992}}", false },
    { "{data.n: {lt: 9223372036854775807}}", "{'kind':'push','data':{'n':9223372036854775806}}",
      true },
    { "{data.n: {gt: 9223372036854775807}}", "{'kind':'push','data':{'n':9223372036854775807}}",
      false },
    { "{data.n: {gt: -5}}", "{'kind':'push','data':{'n':-4.5}}", true },
    { "{data.n: {lt: 1e3}}", "{'kind':'push','data':{'n':999}}", true },
    { "{data.n: {lt: 1e3}}", "{'kind':'push','data':{'n':1000}}", false },
    { "{data.n: {gt: 5}}", "{'kind':'push','data':{'n':true}}", false },
    { "{data.n: {gt: 5}}", "{'kind':'push','data':{'n':[6]}}", false },
    { "{'data.n[*]': {gt: 5}}", "{'kind':'push','data':{'n':[4,6]}}", true },
    /* all of it one and the same element */
    { "{'data.n[*]': {ge: 5, le: 6}}", "{'kind':'push','data':{'n':[3,9]}}", false },
    { "{'data.n[*]': {ge: 5, le: 6}}", "{'kind':'push','data':{'n':[3,6,9]}}", true },
    { "{'data.n[*]': {ge: 5, eq: 6}}", "{'kind':'push','data':{'n':[5,7]}}", false },
    { "{'data.n[*]': {ge: 5, not: 6}}", "{'kind':'push','data':{'n':[5,7]}}", true },
    { "{'data.n[*]': {ge: 5, not: 6}}", "{'kind':'push','data':{'n':[6,7]}}",
      false }, /* one of them is 6 */
    { "{data.severity: {ge: 3}}", "{'kind':'push','data':{'severity':4}}", true },
    { "{data.bytes: {ge: 1KB}}", "{'kind':'push','data':{'bytes':1023}}", false },
    { "{severity: {ge: high}}", "{'kind':'push','severity':'critical'}", true },
    { "{severity: {ge: high}}", "{'kind':'push','severity':'medium'}", false },
    { "{severity: {ge: high}}", "{'kind':'push','severity':'page'}", false },
    { "{severity: {ge: high}}", "{'kind':'push','severity':'high'}", true },
    { "{severity: {gt: high}}", "{'kind':'push','severity':'high'}", false },
    { "{severity: {lt: medium}}", "{'kind':'push','severity':'low'}", true },
    { "{severity: {ge: low}}", "{'kind':'push'}", false },
/* times: less than that far ahead of the event, or behind it */
#define AT(time) "{'kind':'push','time':'2026-11-21T08:00:00Z','data':{'t':" time "}}"
    { "{data.t: {before: 14d}}", AT("'2026-12-05T07:59:59.999Z'"), true },
    { "{data.t: {before: 14d}}", AT("'2026-12-05T08:00:00Z'"), false },
    { "{data.t: {before: 14d}}", AT("'2026-11-21T07:00:00Z'"), true }, /* long over */
    { "{data.t: {before: 14d}}", AT("'2026-12-05T09:59:59+02:00'"), true },
    { "{data.t: {before: 14d}}", AT("'2026-12-05T10:00:00+02:00'"), false },
    { "{data.t: {after: 1h}}", AT("'2026-11-21T07:00:00.001Z'"), true },
    { "{data.t: {after: 1h}}", AT("'2026-11-21T07:00:00Z'"), false },
    { "{data.t: {after: 1h}}", AT("'2026-11-21T09:00:00Z'"), true }, /* still to come */
    { "{data.t: {after: 0s, before: 1h}}", AT("'2026-11-21T08:59:59Z'"), true },
    { "{data.t: {after: 0s, before: 1h}}", AT("'2026-11-21T08:00:00Z'"), false },
    { "{data.t: {after: 1h}}", AT("1795244401"), true }, /* 07:00:01 */
    { "{data.t: {after: 1h}}", AT("1795244400"), false },
    { "{data.t: {after: 1h}}", AT("1795244400.001"), true },
    { "{data.t: {after: 1h}}", AT("1795244400001"), true },
    { "{data.t: {after: 1h}}", AT("'1795244400000'"), false },
    { "{data.t: {before: 1h}}", AT("'soon'"), false },
    { "{data.t: {before: 1h}}", AT("''"), false },
    { "{data.t: {before: 1h}}", AT("null"), false },
    { "{data.t: {before: 1h}}", AT("['2026-11-21T08:00:00Z']"), false },
    { "{'data.t[*]': {before: 1h}}", AT("['2026-11-21T08:00:00Z']"), true },
    { "{data.absent: {before: 1h}}", AT("1"), false },
    { "{data.absent: {not: {before: 1h}}}", AT("1"), true },
    { "{received: {after: 1h}}",
      "{'kind':'push','time':'2026-11-21T08:00:00Z','received':'2026-11-21T07:00:01Z'}", true },
    { "{received: {after: 1h}}",
      "{'kind':'push','time':'2026-11-21T08:00:00Z','received':'2026-11-21T07:00:00Z'}", false },
    /* networks */
    { "{host: {cidr: [10.0.0.0/8]}}", "{'kind':'push','host':'10.255.255.255'}", true },
    { "{host: {cidr: [10.0.0.0/8]}}", "{'kind':'push','host':'11.0.0.0'}", false },
    { "{host: {cidr: [10.0.0.0/8]}}", "{'kind':'push','host':'9.255.255.255'}", false },
    { "{host: {cidr: 10.16.0.0/12}}", "{'kind':'push','host':'10.31.255.255'}", true },
    { "{host: {cidr: 10.16.0.0/12}}", "{'kind':'push','host':'10.32.0.0'}", false },
    { "{host: {cidr: 10.16.0.0/12}}", "{'kind':'push','host':'10.15.255.255'}", false },
    { "{host: {cidr: 192.0.2.7}}", "{'kind':'push','host':'192.0.2.7'}", true },
    { "{host: {cidr: 192.0.2.7}}", "{'kind':'push','host':'192.0.2.6'}", false },
    { "{host: {cidr: 192.0.2.6/31}}", "{'kind':'push','host':'192.0.2.7'}", true },
    { "{host: {cidr: 0.0.0.0/0}}", "{'kind':'push','host':'255.255.255.255'}", true },
    { "{host: {cidr: 0.0.0.0/0}}", "{'kind':'push','host':'::1'}", false },
    { "{host: {cidr: '::/0'}}", "{'kind':'push','host':'2001:db8::1'}", true },
    { "{host: {cidr: '::/0'}}", "{'kind':'push','host':'10.0.0.1'}", false },
    { "{host: {cidr: '::/0'}}", "{'kind':'push','host':'::ffff:10.0.0.1'}", false },
    { "{host: {cidr: 10.0.0.0/8}}", "{'kind':'push','host':'::ffff:10.0.0.1'}", true },
    { "{host: {cidr: 10.0.0.0/8}}", "{'kind':'push','host':'::FFFF:0a00:0001'}", true },
    { "{host: {cidr: 10.0.0.0/8}}", "{'kind':'push','host':'::10.0.0.1'}", false },
    { "{host: {cidr: '::ffff:10.0.0.0/104'}}", "{'kind':'push','host':'10.9.9.9'}", true },
    { "{host: {cidr: '2001:db8::/33'}}", "{'kind':'push','host':'2001:db8:7fff::1'}", true },
    { "{host: {cidr: '2001:db8::/33'}}", "{'kind':'push','host':'2001:db8:8000::1'}", false },
    { "{host: {cidr: '2001:DB8::1'}}", "{'kind':'push','host':'2001:db8:0:0::0001'}", true },
    { "{host: {cidr: 10.0.0.0/8}}", "{'kind':'push','host':'10.0.0.1:80'}", false },
    { "{host: {cidr: '2001:db8::/32'}}", "{'kind':'push','host':'[2001:db8::1]'}", false },
    { "{host: {cidr: '2001:db8::/32'}}", "{'kind':'push','host':'[2001:db8::1]:80'}", false },
    { "{host: {cidr: 'fe80::/10'}}", "{'kind':'push','host':'fe80::1%eth0'}", false },
    { "{host: {cidr: 10.0.0.0/8}}", "{'kind':'push','host':'10.0.0.0/8'}", false },
    { "{host: {cidr: 10.0.0.0/8}}", "{'kind':'push','host':'10.1'}", false },
    { "{host: {cidr: 10.0.0.0/8}}", "{'kind':'push','host':'010.0.0.1'}", false },
    { "{host: {cidr: 10.0.0.0/8}}", "{'kind':'push','host':' 10.0.0.1'}", false },
    { "{host: {cidr: 10.0.0.0/8}}", "{'kind':'push','host':''}", false },
    { "{host: {cidr: 10.0.0.0/8}}", "{'kind':'push'}", false },
    { "{host: {not: {cidr: 10.0.0.0/8}}}", "{'kind':'push','host':'web1'}", true },
    { "{host: {cidr: $nets}}", "{'kind':'push','host':'2001:db8::7'}", true },
    { "{host: {cidr: [$nets, 192.0.2.7]}}", "{'kind':'push','host':'192.0.2.7'}", true },
    { "{'data.ip[*]': {cidr: 10.0.0.0/8}}", "{'kind':'push','data':{'ip':['x','10.1.1.1']}}",
      true },
    /* lines of a file */
    { "{host: {file: hosts.txt}}", "{'kind':'push','host':'web1'}", true },
    { "{host: {file: hosts.txt}}", "{'kind':'push','host':'web2'}", true },
    { "{host: {file: hosts.txt}}", "{'kind':'push','host':'web 4'}", true },
    { "{host: {file: hosts.txt}}", "{'kind':'push','host':'web'}", false },
    { "{host: {file: hosts.txt}}", "{'kind':'push','host':'web11'}", false },
    { "{host: {file: hosts.txt}}", "{'kind':'push','host':'Web1'}", false },
    { "{host: {file: hosts.txt}}", "{'kind':'push','host':'# the old one'}", false },
    { "{host: {file: hosts.txt}}", "{'kind':'push','host':'#web3'}", false },
    { "{host: {file: hosts.txt}}", "{'kind':'push','host':''}", false },
    { "{host: {file: hosts.txt}}", "{'kind':'push'}", false },
    { "{host: {not: {file: hosts.txt}}}", "{'kind':'push','host':'db'}", true },
    { "{host: [db, {file: hosts.txt}]}", "{'kind':'push','host':'db'}", true },
    { "{'data.h[*]': {file: hosts.txt}}", "{'kind':'push','data':{'h':['db','web2']}}", true },
/* elements of a list */
#define PARTS                                                                                      \
    "{'kind':'push','branch':'main','data':{'l':[{'name':'api','status':'up','n':1},"              \
    "{'name':'db','status':'down','n':7,'tags':['x','y'],'odd key':1,"                             \
    "'of':[{'id':1,'ok':false},{'id':2,'ok':true}]},'text',null,3],'m':{'name':'db'}}}"
    { "{data.l: {some: {name: db, status: down}}}", PARTS, true },
    { "{data.l: {some: {name: api, status: down}}}", PARTS, false }, /* not the same element */
    { "{'data.l[*].name': api, 'data.l[*].status': down}", PARTS, true },
    { "{data.l: {some: {name: [web, db], n: {gt: 5}}}}", PARTS, true },
    { "{data.l: {some: {name: '/^a/', n: {gt: 5}}}}", PARTS, false },
    { "{data.l: {some: {name: db, branch: main}}}", PARTS, false }, /* a path of the element */
    { "{data.l: {some: {name: db, branch: {exists: false}}}}", PARTS, true },
    { "{data.l: {some: {'tags[*]': y}}}", PARTS, true },
    { "{data.l: {some: {'tags[0]': y}}}", PARTS, false },
    { "{data.l: {some: {'[\"odd key\"]': 1}}}", PARTS, true },
    { "{data.l: {some: {of: {some: {id: 2, ok: true}}}}}", PARTS, true },
    { "{data.l: {some: {of: {some: {id: 1, ok: true}}}}}", PARTS, false },
    { "{data.l: {some: {name: db, of: {not: {some: {id: 3}}}}}}", PARTS, true },
    { "{data.l: {some: {any: [{name: x}, {n: 7}], none: [{status: up}]}}}", PARTS, true },
    { "{data.l: {some: {any: [{name: x}, {n: 7}], none: [{status: down}]}}}", PARTS, false },
    { "{data.l: {some: {status: {not: up}, name: {exists: true}}}}", PARTS, true },
    { "{data.l: {some: {name: {exists: false}}}}", PARTS, true }, /* the text */
    { "{data.l: {not: {some: {status: broken}}}}", PARTS, true },
    { "{'data.l[*].of': {some: {id: 2}}}", PARTS, true },
    { "{'data.l[1].of': {some: {id: 2}}}", PARTS, true },
    { "{data.m: {some: {name: db}}}", PARTS, false }, /* no list */
    { "{data.absent: {some: {name: db}}}", PARTS, false },
    { "{data.absent: {not: {some: {name: db}}}}", PARTS, true },
    { "{data.l: {some: {name: db}}}", "{'kind':'push','text':'a line'}", false },
    { "{data.l: {some: {name: db}}}", "{'kind':'push','data':{'l':[]}}", false },
    { "{data.l: {some: {state: broken, severity: page, duration: {gt: 5}}}}",
      "{'kind':'push','data':{'l':[{'state':'broken','severity':'page','duration':6}]}}", true },
    { "{x: c, title: {not: {not: '/(?<x>a)/'}}, actor: '/(?<x>c)/'}",
      "{'kind':'push','title':'a','actor':'c'}", true }, /* nothing is captured under a not */
    { "{x: b, data.l: {some: {name: '/^(?<x>.)/', up: true}}}",
      "{'kind':'push','data':{'l':[{'name':'a','up':false},{'name':'b','up':true}]}}", true },
    { "{x: a, data.l: {some: {name: '/^(?<x>.)/', up: true}}}",
      "{'kind':'push','data':{'l':[{'name':'a','up':false},{'name':'b','up':true}]}}", false },
    /* not, exists */
    { "{branch: {not: main}}", "{'kind':'push','branch':'dev'}", true },
    { "{branch: {not: main}}", "{'kind':'push','branch':'main'}", false },
    { "{branch: {not: main}}", "{'kind':'push'}", true },
    { "{branch: {not: [main, dev]}}", "{'kind':'push','branch':'dev'}", false },
    { "{branch: {not: '/^m/'}}", "{'kind':'push','branch':'main'}", false },
    { "{branch: {not: {not: main}}}", "{'kind':'push','branch':'main'}", true },
    { "{branch: {not: main, exists: true}}", "{'kind':'push'}", false },
    { "{branch: {exists: true}}", "{'kind':'push','branch':''}", true },
    { "{branch: {exists: true}}", "{'kind':'push'}", false },
    { "{branch: {exists: false}}", "{'kind':'push'}", true },
    { "{data.a: {exists: true}}", "{'kind':'push','data':{'a':{}}}", true },
    { "{data.a: {exists: true}}", "{'kind':'push','data':{'a':null}}", false },
    { "{data.a: {exists: false}}", "{'kind':'push','text':'a line'}", true },
    /* paths */
    { "{'data.l[1].n': b}", "{'kind':'push','data':{'l':[{'n':'a'},{'n':'b'}]}}", true },
    { "{'data.l[*].n': b}", "{'kind':'push','data':{'l':[{'n':'a'},{'n':'b'},{'n':'c'}]}}", true },
    { "{'data.l[*].n': z}", "{'kind':'push','data':{'l':[{'n':'a'},{'n':'b'}]}}", false },
    { "{'data.l[*].n': {not: b}}", "{'kind':'push','data':{'l':[{'n':'a'},{'n':'b'}]}}", false },
    { "{'data[\"odd key\"]': x}", "{'kind':'push','data':{'odd key':'x'}}", true },
    { "{'data.a[*].b[*].c': z}",
      "{'kind':'push','data':{'a':[{'b':[{'c':'x'}]},{'b':[{'c':'y'},{'c':'z'}]}]}}", true },
    { "{'data.a[*][*]': z}", "{'kind':'push','data':{'a':[['x'],['y','z']]}}", true },
    { "{'data.a[*][*]': z}", "{'kind':'push','data':{'a':['z']}}", false },
    { "{'data.a[*]': {exists: false}}", "{'kind':'push','data':{'a':[]}}", true },
    { "{'data[\"a.b\"][\"c[0]\"].d': x}", "{'kind':'push','data':{'a.b':{'c[0]':{'d':'x'}}}}",
      true },
    { "{'data[\"odd key\"]': x}", "{'kind':'push','data':{'odd':{'key':'x'}}}", false },
    { "{time: '/^2026-/'}", "{'kind':'push','time':'2026-11-21T08:00:00Z'}", true },
    /* any, none */
    { "{any: [{branch: main}, {branch: dev}]}", "{'kind':'push','branch':'dev'}", true },
    { "{any: [{branch: main}, {branch: dev}]}", "{'kind':'push','branch':'x'}", false },
    { "{any: [{branch: main, actor: jane}]}", "{'kind':'push','branch':'main'}", false },
    { "{none: [{branch: main}, {actor: bot}]}", "{'kind':'push','branch':'dev'}", true },
    { "{none: [{branch: main}, {actor: bot}]}", "{'kind':'push','branch':'dev','actor':'bot'}",
      false },
    { "{repo: r, none: [{branch: main, actor: bot}]}", "{'kind':'push','repo':'r','branch':'main'}",
      true },
    { "{none: [{any: [{branch: a}, {branch: b}]}]}", "{'kind':'push','branch':'b'}", false },
    /* captures, whatever the order of the clauses */
    { "{ip: 10.0.0.1, title: '/from (?<ip>[0-9.]+)/'}",
      "{'kind':'push','title':'login from 10.0.0.1'}", true },
    { "{ip: 10.0.0.1, title: '/from (?<ip>[0-9.]+)/'}",
      "{'kind':'push','title':'login from 10.0.0.2'}", false },
    { "{host: web1, title: '/on (?<host>[a-z0-9]+)/'}", "{'kind':'push','title':'on web1'}", true },
    { "{host: web1, title: '/on (?<host>[a-z0-9]+)/'}",
      "{'kind':'push','host':'db','title':'on web1'}", false },
    { "{x: '1', any: [{title: '/(?<x>1)/', actor: z}, {title: '/(?<x>.)/'}]}",
      "{'kind':'push','title':'21'}", false },
    { "{x: '1', any: [{title: '/(?<x>1)/', actor: z}, {title: '/(?<x>.)/'}]}",
      "{'kind':'push','title':'12'}", true },
};

static void a_value_says_how_its_field_is_compared(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        bool held = holds(cases[i].where, cases[i].event);

        if (held != cases[i].holds)
            print_message("%s on %s\n", cases[i].where, cases[i].event);
        assert_int_equal(held, cases[i].holds);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_value_says_how_its_field_is_compared) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
