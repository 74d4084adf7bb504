// Package operator keeps a ConfigMap for every Site.
package operator

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// GroupVersion is that of the definition in crd/.
var GroupVersion = schema.GroupVersion{Group: "example.com", Version: "v1"}

// Site is a page with a title.
type Site struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   SiteSpec   `json:"spec"`
	Status SiteStatus `json:"status,omitempty"`
}

// SiteSpec is what is wanted.
type SiteSpec struct {
	Title    string `json:"title"`
	Replicas int32  `json:"replicas,omitempty"`
}

// SiteStatus is what there is.
type SiteStatus struct {
	Ready bool `json:"ready,omitempty"`
}

// SiteList is a list of them.
type SiteList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Site `json:"items"`
}

// DeepCopyObject copies a site.
func (s *Site) DeepCopyObject() runtime.Object {
	copied := *s
	s.ObjectMeta.DeepCopyInto(&copied.ObjectMeta)
	return &copied
}

// DeepCopyObject copies a list.
func (l *SiteList) DeepCopyObject() runtime.Object {
	copied := *l
	l.ListMeta.DeepCopyInto(&copied.ListMeta)
	copied.Items = make([]Site, len(l.Items))
	for i := range l.Items {
		copied.Items[i] = *l.Items[i].DeepCopyObject().(*Site)
	}
	return &copied
}

// AddToScheme makes the types known.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion, &Site{}, &SiteList{})
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}

// Reconciler makes the ConfigMap of a site what it should be.
type Reconciler struct {
	client.Client
}

// SetupWithManager starts it with the manager.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).For(&Site{}).Owns(&corev1.ConfigMap{}).Complete(r)
}

// Reconcile looks at one site.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	var site Site
	if err := r.Get(ctx, request.NamespacedName, &site); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	page := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: site.Name, Namespace: site.Namespace}}
	_, err := controllerutil.CreateOrUpdate(ctx, r.Client, page, func() error {
		page.Data = map[string]string{"index.html": fmt.Sprintf("<h1>%s</h1>", site.Spec.Title)}
		return controllerutil.SetControllerReference(&site, page, r.Scheme())
	})
	if err != nil || site.Status.Ready {
		return ctrl.Result{}, err
	}
	site.Status.Ready = true
	return ctrl.Result{}, r.Status().Update(ctx, &site)
}

// Validate is the webhook: nobody shouts.
func Validate(_ context.Context, request admission.Request) admission.Response {
	var site Site
	if err := json.Unmarshal(request.Object.Raw, &site); err != nil {
		return admission.Errored(http.StatusBadRequest, err)
	}
	if title := site.Spec.Title; title == strings.ToUpper(title) {
		return admission.Denied("a title is not shouted")
	}
	return admission.Allowed("")
}
