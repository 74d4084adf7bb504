// The official JavaScript client against the server that KUBECONFIG names:
//
//     npm install @kubernetes/client-node@1
//     fake-apiserver exec -- node examples/javascript/test.mjs

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { CoreV1Api, KubeConfig, Watch } from '@kubernetes/client-node';

const config = new KubeConfig();
config.loadFromDefault();
const api = config.makeApiClient(CoreV1Api);
const namespace = `test-${randomUUID().slice(0, 8)}`;

before(() => api.createNamespace({ body: { metadata: { name: namespace } } }));
after(() => api.deleteNamespace({ name: namespace }));

const create = (name, data = {}) =>
  api.createNamespacedConfigMap({ namespace, body: { metadata: { name }, data } });
const read = (name) => api.readNamespacedConfigMap({ name, namespace });
const replace = (name, body) => api.replaceNamespacedConfigMap({ name, namespace, body });
const remove = (name) => api.deleteNamespacedConfigMap({ name, namespace });

test('what is created can be read, changed and deleted', async () => {
  const created = await create('db', { colour: 'red' });
  assert.ok(created.metadata.uid);
  assert.deepEqual((await read('db')).data, { colour: 'red' });

  const replaced = await replace('db', { ...created, data: { colour: 'blue' } });
  assert.notEqual(replaced.metadata.resourceVersion, created.metadata.resourceVersion);
  // Every namespace has one more, with the certificates of the server.
  const list = await api.listNamespacedConfigMap({ namespace, fieldSelector: 'metadata.name!=kube-root-ca.crt' });
  assert.deepEqual(list.items.map((item) => item.data), [{ colour: 'blue' }]);

  await remove('db');
  await assert.rejects(read('db'), { code: 404 });
});

test('what is there cannot be created again', async () => {
  await create('twice');
  await assert.rejects(create('twice'), { code: 409 });
  await remove('twice');
});

test('a retry gets over a lost race', async () => {
  await create('counter', { count: '0' });
  const count = async (meanwhile) => {
    for (let attempt = 1; ; attempt++) {
      const object = await read('counter');
      await meanwhile?.(attempt);
      object.data.count = String(Number(object.data.count) + 1);
      try {
        await replace('counter', object);
        return attempt;
      } catch (error) {
        if (error.code !== 409) throw error;
      }
    }
  };
  // Someone else is faster, twice.
  const attempts = await count(async (attempt) => { if (attempt <= 2) await count(); });
  assert.equal(attempts, 3);
  assert.equal((await read('counter')).data.count, '3');
  await remove('counter');
});

test('a watch tells of each write', async () => {
  const { metadata } = await api.listNamespacedConfigMap({ namespace });
  const created = await create('seen', { colour: 'red' });
  await replace('seen', { ...created, data: { colour: 'blue' } });
  await remove('seen');
  const told = [];
  await new Promise((resolve, reject) => {
    const request = new Watch(config).watch(
      `/api/v1/namespaces/${namespace}/configmaps`,
      { resourceVersion: metadata.resourceVersion, timeoutSeconds: 30 },
      (type, object) => {
        told.push([type, object.data.colour]);
        if (type === 'DELETED') request.then((controller) => controller.abort());
      },
      (error) => (error && error.name !== 'AbortError' ? reject(error) : resolve()),
    );
  });
  assert.deepEqual(told, [['ADDED', 'red'], ['MODIFIED', 'blue'], ['DELETED', 'blue']]);
});
