// client-go against the server that KUBECONFIG names:
//
//	cd examples/go && go mod tidy
//	fake-apiserver exec -- go test -skip Role ./...
package example

import (
	"context"
	"os"
	"strconv"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	typed "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/retry"
)

// connect gives a test a namespace of its own.
func connect(t *testing.T) (*rest.Config, kubernetes.Interface, string) {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		t.Fatal(err)
	}
	clientset, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	namespaces := clientset.CoreV1().Namespaces()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}
	created, err := namespaces.Create(context.Background(), namespace, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = namespaces.Delete(context.Background(), created.Name, metav1.DeleteOptions{})
	})
	return config, clientset, created.Name
}

func configMaps(t *testing.T) typed.ConfigMapInterface {
	t.Helper()
	_, clientset, namespace := connect(t)
	return clientset.CoreV1().ConfigMaps(namespace)
}

func create(t *testing.T, api typed.ConfigMapInterface, name, count string) *corev1.ConfigMap {
	t.Helper()
	object := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Data:       map[string]string{"count": count},
	}
	created, err := api.Create(context.Background(), object, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return created
}

func increment(ctx context.Context, api typed.ConfigMapInterface, meanwhile func()) error {
	return retry.RetryOnConflict(retry.DefaultRetry, func() error {
		object, err := api.Get(ctx, "counter", metav1.GetOptions{})
		if err != nil {
			return err
		}
		meanwhile()
		count, err := strconv.Atoi(object.Data["count"])
		if err != nil {
			return err
		}
		object.Data["count"] = strconv.Itoa(count + 1)
		_, err = api.Update(ctx, object, metav1.UpdateOptions{})
		return err
	})
}

func TestWhatIsThereCannotBeCreatedAgain(t *testing.T) {
	api := configMaps(t)
	created := create(t, api, "db", "0")
	_, err := api.Create(context.Background(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: created.Name}}, metav1.CreateOptions{})
	if !apierrors.IsAlreadyExists(err) {
		t.Fatalf("expected AlreadyExists, got %v", err)
	}
}

func TestARetryGetsOverALostRace(t *testing.T) {
	api, ctx := configMaps(t), context.Background()
	create(t, api, "counter", "0")
	races := 2
	err := increment(ctx, api, func() {
		if races > 0 {
			races--
			if err := increment(ctx, api, func() {}); err != nil {
				t.Error(err)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	object, err := api.Get(ctx, "counter", metav1.GetOptions{})
	if err != nil || object.Data["count"] != "3" {
		t.Fatalf("expected 3, got %v (%v)", object, err)
	}
}

func TestAWatchTellsOfEachWrite(t *testing.T) {
	api, ctx := configMaps(t), context.Background()
	list, err := api.List(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	create(t, api, "db", "0")
	if err := api.Delete(ctx, "db", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	watcher, err := api.Watch(ctx, metav1.ListOptions{ResourceVersion: list.ResourceVersion})
	if err != nil {
		t.Fatal(err)
	}
	defer watcher.Stop()
	for _, expected := range []watch.EventType{watch.Added, watch.Deleted} {
		if event := <-watcher.ResultChan(); event.Type != expected {
			t.Fatalf("expected %s, got %v", expected, event)
		}
	}
}
