// Pods, deployments, jobs and roles with the official JavaScript client, where roles decide:
//
//     npm install @kubernetes/client-node@1
//     echo admin,admin,1,system:masters > tokens.csv
//     fake-apiserver exec --tls --authorization-mode RBAC --token-auth-file tokens.csv -- \
//       node examples/javascript/workloads.mjs

import assert from 'node:assert/strict';
import { EventEmitter, on } from 'node:events';
import { after, before, test } from 'node:test';
import {
  AppsV1Api,
  AuthorizationV1Api,
  BatchV1Api,
  CoreV1Api,
  KubeConfig,
  KubernetesObjectApi,
  PatchStrategy,
  RbacAuthorizationV1Api,
  Watch,
  makeInformer,
  setHeaderOptions,
} from '@kubernetes/client-node';

const config = new KubeConfig();
config.loadFromDefault();
const core = config.makeApiClient(CoreV1Api);
const apps = config.makeApiClient(AppsV1Api);
const batch = config.makeApiClient(BatchV1Api);
const rbac = config.makeApiClient(RbacAuthorizationV1Api);
const objects = KubernetesObjectApi.makeApiClient(config);
const merge = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);

let namespace;

before(async () => {
  const created = await core.createNamespace({ body: { metadata: { generateName: 'test-' } } });
  namespace = created.metadata.name;
});
after(() => core.deleteNamespace({ name: namespace }));

const template = (app, spec = {}) => ({
  metadata: { labels: { app } },
  spec: { containers: [{ name: 'main', image: 'nginx:1' }], ...spec },
});

const createPod = (name, app) => {
  const { metadata, spec } = template(app);
  return core.createNamespacedPod({ namespace, body: { metadata: { ...metadata, name }, spec } });
};

const deployment = (name, image = 'nginx:1') => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace },
  spec: {
    selector: { matchLabels: { app: name } },
    template: template(name, { containers: [{ name: 'main', image }] }),
  },
});

const createDeployment = (name) => apps.createNamespacedDeployment({ namespace, body: deployment(name) });

const createJob = (name) =>
  batch.createNamespacedJob({
    namespace,
    body: { metadata: { name }, spec: { template: template('job', { restartPolicy: 'Never' }) } },
  });

/** What a client tells of, to be taken one by one; ten seconds are enough for all of it. */
const listener = () => {
  const told = new EventEmitter();
  const events = on(told, 'told', { signal: AbortSignal.timeout(10_000) });
  return { tell: (what) => told.emit('told', what), next: async () => (await events.next()).value[0] };
};

test('pods are found by labels and fields', async () => {
  const created = await createPod('a', 'shop');
  assert.equal(created.status.phase, 'Pending');
  assert.equal(created.spec.restartPolicy, 'Always');
  await createPod('b', 'shop');
  await createPod('c', 'web');
  await core.patchNamespacedPodStatus({ name: 'a', namespace, body: { status: { phase: 'Running' } } }, merge);

  const names = async (selectors) => {
    const { items } = await core.listNamespacedPod({ namespace, ...selectors });
    return items.map((item) => item.metadata.name);
  };
  assert.deepEqual(await names({ labelSelector: 'app=shop' }), ['a', 'b']);
  assert.deepEqual(await names({ labelSelector: 'app notin (shop)' }), ['c']);
  assert.deepEqual(await names({ fieldSelector: 'status.phase=Running' }), ['a']);
  assert.deepEqual(await names({ labelSelector: 'app=shop', fieldSelector: 'metadata.name!=a' }), ['b']);
});

test('a pod on a node ends in its own time', async () => {
  await createPod('ending', 'shop');
  const target = { kind: 'Node', name: 'node-1' };
  await core.createNamespacedPodBinding({
    name: 'ending',
    namespace,
    body: { metadata: { name: 'ending' }, target },
  });
  await core.deleteNamespacedPod({ name: 'ending', namespace });
  const { metadata, spec } = await core.readNamespacedPod({ name: 'ending', namespace });
  assert.equal(spec.nodeName, 'node-1');
  assert.ok(metadata.deletionTimestamp);
  assert.equal(metadata.deletionGracePeriodSeconds, 30);
  // As the kubelet does when the containers have ended.
  await core.deleteNamespacedPod({ name: 'ending', namespace, gracePeriodSeconds: 0 });
  await assert.rejects(core.readNamespacedPod({ name: 'ending', namespace }), { code: 404 });
});

test('a field has one manager', async () => {
  const apply = (image, manager, force) =>
    objects.patch(deployment('applied', image), undefined, undefined, manager, force, PatchStrategy.ServerSideApply);
  assert.equal((await apply('nginx:1', 'shop')).metadata.generation, 1);
  await assert.rejects(apply('nginx:2', 'other'), (error) => {
    assert.equal(error.code, 409);
    const [cause] = JSON.parse(error.body).details.causes;
    assert.equal(cause.reason, 'FieldManagerConflict');
    assert.equal(cause.field, '.spec.template.spec.containers[name="main"].image');
    return true;
  });
  const forced = await apply('nginx:2', 'other', true);
  assert.equal(forced.spec.template.spec.containers[0].image, 'nginx:2');
  assert.equal(forced.metadata.generation, 2);
});

test('a deployment is scaled and becomes available', async (t) => {
  const name = 'scaled';
  await createDeployment(name);
  const scale = await apps.readNamespacedDeploymentScale({ name, namespace });
  assert.equal(scale.status.selector, 'app=scaled');
  scale.spec.replicas = 3;
  await apps.replaceNamespacedDeploymentScale({ name, namespace, body: scale });
  const scaled = await apps.readNamespacedDeployment({ name, namespace });
  assert.equal(scaled.spec.replicas, 3);
  assert.equal(scaled.metadata.generation, 2);

  const { tell, next } = listener();
  const watch = await new Watch(config).watch(
    `/apis/apps/v1/namespaces/${namespace}/deployments`,
    { fieldSelector: `metadata.name=${name}`, resourceVersion: scaled.metadata.resourceVersion },
    (type, object) => tell([type, object.status.availableReplicas, object.spec.replicas]),
    () => {},
  );
  t.after(() => watch.abort());
  const status = { observedGeneration: 2, replicas: 3, readyReplicas: 3, availableReplicas: 3 };
  const body = { status, spec: { replicas: 9 } };
  await apps.patchNamespacedDeploymentStatus({ name, namespace, body }, merge);
  // Only the status was written.
  assert.deepEqual(await next(), ['MODIFIED', 3, 3]);
});

test('a job keeps its template and is complete by rules', async () => {
  const name = 'once';
  const created = await createJob(name);
  assert.equal(created.spec.template.metadata.labels['batch.kubernetes.io/controller-uid'], created.metadata.uid);
  const patch = (spec) => batch.patchNamespacedJob({ name, namespace, body: { spec } }, merge);
  await assert.rejects(patch({ template: { spec: { restartPolicy: 'OnFailure' } } }), { code: 422 });
  assert.equal((await patch({ suspend: true })).spec.suspend, true);

  const conditions = ['SuccessCriteriaMet', 'Complete'].map((type) => ({ type, status: 'True' }));
  const write = (times) => {
    const body = { status: { succeeded: 1, conditions, ...times } };
    return batch.patchNamespacedJobStatus({ name, namespace, body }, merge);
  };
  // It has neither begun nor ended.
  await assert.rejects(write({}), { code: 422 });
  const time = '2026-01-01T00:00:00Z';
  const complete = await write({ startTime: time, completionTime: time });
  assert.equal(complete.status.succeeded, 1);
});

test('an informer keeps what there is', async (t) => {
  await createPod('old', 'informed');
  const { tell, next } = listener();
  const informer = makeInformer(
    config,
    `/api/v1/namespaces/${namespace}/pods`,
    () => core.listNamespacedPod({ namespace, labelSelector: 'app=informed' }),
    'app=informed',
  );
  for (const event of ['add', 'update', 'delete']) {
    informer.on(event, (pod) => tell(`${event} ${pod.metadata.name}`));
  }
  t.after(() => informer.stop());
  await informer.start();
  assert.equal(await next(), 'add old');
  await createPod('new', 'informed');
  assert.equal(await next(), 'add new');
  // A pod that is not among them any more is deleted for whoever looks at these.
  const body = { metadata: { labels: { app: 'other' } } };
  await core.patchNamespacedPod({ name: 'old', namespace, body }, merge);
  assert.equal(await next(), 'delete old');
  assert.deepEqual(
    informer.list().map((pod) => pod.metadata.name),
    ['new'],
  );
});

test('an old copy is a conflict', async () => {
  const name = 'raced';
  const old = await createDeployment(name);
  await apps.patchNamespacedDeployment({ name, namespace, body: { spec: { minReadySeconds: 5 } } }, merge);
  const pause = (body) => {
    body.spec.paused = true;
    return apps.replaceNamespacedDeployment({ name, namespace, body });
  };
  await assert.rejects(pause(old), { code: 409 });
  const { spec } = await pause(await apps.readNamespacedDeployment({ name, namespace }));
  assert.deepEqual([spec.paused, spec.minReadySeconds], [true, 5]);
});

test('a bound role counts until it is unbound', async () => {
  const alice = new KubeConfig();
  alice.loadFromOptions({
    ...config,
    users: config.users.map((user) => ({ ...user, impersonateUser: 'alice' })),
  });
  const may = async (verb) => {
    const body = { spec: { resourceAttributes: { namespace, verb, resource: 'pods' } } };
    const reviews = alice.makeApiClient(AuthorizationV1Api);
    return (await reviews.createSelfSubjectAccessReview({ body })).status.allowed;
  };
  const list = () => alice.makeApiClient(CoreV1Api).listNamespacedPod({ namespace });

  assert.equal(await may('list'), false);
  await assert.rejects(list(), { code: 403 });
  const apiGroup = 'rbac.authorization.k8s.io';
  const metadata = { name: 'reader' };
  const rules = [
    { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] },
    { apiGroups: [apiGroup], resources: ['roles'], verbs: ['create'] },
  ];
  await rbac.createNamespacedRole({ namespace, body: { metadata, rules } });
  const roleRef = { apiGroup, kind: 'Role', name: 'reader' };
  const subjects = [{ apiGroup, kind: 'User', name: 'alice' }];
  await rbac.createNamespacedRoleBinding({ namespace, body: { metadata, roleRef, subjects } });
  assert.equal(await may('list'), true);
  assert.equal(await may('delete'), false);
  assert.ok((await list()).items);

  // Nobody gives away what they do not have.
  const more = {
    metadata: { name: 'more' },
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['delete'] }],
  };
  const roles = alice.makeApiClient(RbacAuthorizationV1Api);
  await assert.rejects(roles.createNamespacedRole({ namespace, body: more }), { code: 403 });

  await rbac.deleteNamespacedRoleBinding({ name: 'reader', namespace });
  assert.equal(await may('list'), false);
});
