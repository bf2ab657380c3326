"""Forms over the models of the other apps."""

from django import forms

from products.models import Review
from users.models import Address

CARDS = [("tok_ok", "A card that pays"), ("tok_declined", "A card that does not")]


class CheckoutForm(forms.Form):
    address = forms.ModelChoiceField(Address.objects.none(), empty_label=None)
    coupon = forms.CharField(max_length=20, required=False)
    payment_token = forms.ChoiceField(choices=CARDS)

    def __init__(self, user, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["address"].queryset = Address.objects.filter(user=user, is_retired=False)
        self.fields["address"].initial = user.profile.default_address


class AddressForm(forms.ModelForm):
    class Meta:
        model = Address
        fields = ["name", "street", "postcode", "city", "country"]


class ReviewForm(forms.ModelForm):
    class Meta:
        model = Review
        fields = ["rating", "text"]
